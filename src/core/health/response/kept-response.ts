/**
 * The part of the response to a check that the registry keeps (`healthCheck.details`): the body, or the values at some
 * JSON pointers. Without that setting the registry keeps nothing.
 */
import { maskHeaderValues } from '../../component/header-values.ts';
import type { HealthDetails } from '../../component/health-check.ts';
import type { Json, JsonObject } from '../../json.ts';
import { valueAt } from '../../json-pointer.ts';
import { cutJson } from './cut-json.ts';
import type { HealthBody } from './health-body.ts';

type Headers = Readonly<Record<string, string>>;

/** Most bytes of JSON that are kept of one response. */
export const MAX_KEPT_BYTES = 4_096;

export interface KeptResponse {
  /** HTTP status. */
  readonly status: number;
  readonly part: 'body' | 'pointers';
  /** JSON text, because as data it would need several times the memory. */
  readonly json: string;
  /** `json` has less than the body, or than the values. */
  readonly isCut: boolean;
}

/** A response, and when its report arrived in epoch ms. */
export interface ReceivedResponse extends KeptResponse {
  readonly at: number;
}

/** The kept response as readers see it, with one of `body` and `pointers`. */
export interface ResponseView {
  readonly at: string;
  readonly status: number;
  readonly body?: Json;
  /** The values found, by pointer. */
  readonly pointers?: JsonObject;
  readonly truncated: boolean;
}

/** Returns what is kept, or undefined for nothing. The values of `headers`, which the request had, are masked. */
export function keepResponse(
  { status, body }: { readonly status: number; readonly body: HealthBody },
  { details = false, headers = {} }: { readonly details?: HealthDetails; readonly headers?: Headers },
): KeptResponse | undefined {
  if (details === false) return undefined;
  const content = contentOf(body);
  const isPart = details !== true;
  const shown = isPart ? valuesAt(content, details) : content;
  const { json, isCut } = cutJson(shown, MAX_KEPT_BYTES, maskHeaderValues(headers));
  return { status, part: isPart ? 'pointers' : 'body', json, isCut: isCut || !body.isWhole };
}

export const toResponseView = ({ at, status, part, json, isCut }: ReceivedResponse): ResponseView => ({
  at: new Date(at).toISOString(),
  status,
  [part]: JSON.parse(json) as Json,
  truncated: isCut,
});

/** JSON as data, the outline of JSON that was not read whole, any other body as text; null without a body. */
function contentOf(body: HealthBody): unknown {
  const text = body.fault === null ? body.text.trimEnd() : '';
  if (text === '') return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return !body.isWhole && /^[{[]/.test(text) ? body.outline().document : text;
  }
}

const valuesAt = (content: unknown, pointers: readonly string[]): object =>
  Object.fromEntries(
    pointers.flatMap((pointer) => {
      const value = valueAt(content, pointer);
      return value === undefined ? [] : [[pointer, value]];
    }),
  );
