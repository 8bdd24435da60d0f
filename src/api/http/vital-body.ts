/**
 * Bodies of vital messages (`core/vital`): read without a schema validator, because a fault beside the message must not
 * refuse it. The routes of Hono and the fast path share these functions.
 */
import type { Context } from 'hono';
import type { VitalReading, Warning } from '../../core/vital/warnings.ts';
import type { AppEnv } from './app-env.ts';
import type { Call } from './call.ts';
import type { ProblemResponse } from './problem.ts';
import { problemResponse } from './problem.ts';

/** A message with the warnings that belong into the response. */
export interface VitalMessage<T> {
  readonly value: T;
  readonly warnings: readonly Warning[];
}

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json(?:;|$)/i;

/** The message in the body of a Hono route, or the problem that ends the call. */
export async function readVitalBody<T>(
  c: Context<AppEnv>,
  read: (body: unknown) => VitalReading<T>,
): Promise<VitalMessage<T> | ProblemResponse> {
  const text = await c.req.text();
  if (text !== '' && !JSON_TYPE.test(c.req.header('content-type') ?? ''))
    return problemResponse(c, 'unsupported-media-type', { detail: 'send content-type: application/json' });
  return parseVitalBody(c, text, read);
}

/** The message in a body that was read as text. */
export function parseVitalBody<T>(
  c: Call,
  text: string,
  read: (body: unknown) => VitalReading<T>,
): VitalMessage<T> | ProblemResponse {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // Not JSON: nothing of the message can be read.
    return problemResponse(c, 'malformed-json', { detail: 'the body is not valid JSON' });
  }
  const reading = read(body);
  return reading.ok ? reading : problemResponse(c, 'invalid-request', { errors: reading.faults });
}

/** Adds the warnings to a response; absent when there are none. */
export const withWarnings = <T extends object>(body: T, warnings: readonly Warning[]): T & { warnings?: Warning[] } =>
  warnings.length === 0 ? body : { ...body, warnings: [...warnings] };
