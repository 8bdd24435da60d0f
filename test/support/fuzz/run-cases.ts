/** Sends the cases, independent ones concurrently, and lets the model learn from the responses. */
import { exports } from 'cloudflare:workers';
import type { ApiResponse } from '../coordinator-http.ts';
import { faultsOf } from './check-answer.ts';
import { isConfigPath } from './config-model.ts';
import type { SystemModel } from './fleet-model.ts';
import type { WireRequest } from './fuzz-request.ts';

const AT_ONCE = 8;
const MAX_KINDS = 25;
const RESPONSE_TIMEOUT_MS = 20_000;
const WITH_KEY = { authorization: 'Bearer admin-key-of-the-tests-0123456789abcdef' };
const ORIGIN = 'https://coordinator.test';

export interface Tally {
  readonly total: number;
  readonly accepted: number;
}

export interface RunReport {
  readonly byOperation: ReadonlyMap<string, Tally>;
  readonly byStatus: ReadonlyMap<number, number>;
  /** One violation of each kind, at most 25. */
  readonly violations: readonly string[];
}

interface Resolved extends WireRequest {
  readonly url: URL;
  /** Ids that no other case of the group may use. */
  readonly locks: readonly string[];
}

const worker = exports as unknown as { default: Fetcher };

export async function runCases(cases: readonly WireRequest[], model: SystemModel): Promise<RunReport> {
  const byOperation = new Map<string, Tally>();
  const byStatus = new Map<number, number>();
  const violations = new Map<string, string>();
  for (let next = 0; next < cases.length;) {
    const group = nextGroup(cases, next, model);
    next += group.length;
    const responses = await Promise.all(group.map(send));
    const busy = new Set(group.flatMap(({ locks }) => locks));
    group.forEach((request, at) => {
      const response = responses[at]!;
      const { total, accepted } = byOperation.get(request.operation) ?? { total: 0, accepted: 0 };
      const isAccepted = response.status >= 200 && response.status < 300;
      byOperation.set(request.operation, { total: total + 1, accepted: accepted + Number(isAccepted) });
      byStatus.set(response.status, (byStatus.get(response.status) ?? 0) + 1);
      const json = jsonOf(request.body);
      const faults = [
        ...faultsOf(response),
        ...model.learn({ method: request.method, pathname: request.url.pathname, json, busy }, response),
      ];
      if (faults.length === 0) return;
      const kind = kindOf(faults);
      if (!violations.has(kind) && violations.size < MAX_KINDS)
        violations.set(kind, describe(request, response, faults));
    });
  }
  return { byOperation, byStatus, violations: [...violations.values()] };
}

/** The faults without details of the case. */
const kindOf = (faults: readonly string[]): string =>
  faults
    .map((fault) =>
      fault
        .replace(/^\S+: /, '')
        .replace(/ (?:as|is) [^]*$/, '')
        .replaceAll(/\S*\d\S*/g, ''),
    )
    .join('; ');

/** The next cases that are independent of each other. */
function nextGroup(cases: readonly WireRequest[], from: number, model: SystemModel): Resolved[] {
  const group: Resolved[] = [];
  const locked = new Set<string>();
  for (const request of cases.slice(from, from + AT_ONCE)) {
    const resolved = resolve(request, model);
    if (resolved.locks.some((lock) => locked.has(lock))) break;
    for (const lock of resolved.locks) locked.add(lock);
    group.push(resolved);
  }
  return group;
}

function resolve(request: WireRequest, model: SystemModel): Resolved {
  const address = request.address
    .replace(/%40key%3A(\d+)/, (_, at: string) => pick([...model.keys.keys()], at, '0123456789ab'))
    .replace(/%40recovery%3A(\d+)/, (_, at: string) => pick(model.recoveryIds, at, `r-${'0'.repeat(32)}`))
    .replace(/%40incident%3A(\d+)/, (_, at: string) => pick(model.incidentIds, at, `i-${'0'.repeat(32)}`))
    .replace(/%40lease%3A(\d+)/, (_, at: string) => pick(model.leaseIds, at, `l-task_router-${'0'.repeat(32)}`))
    .replace('%40cursor', encodeURIComponent(model.cursor || btoa('agent_registry/a')));
  const url = new URL(ORIGIN + address);
  const [, collection, ofPath] = /^\/v1\/([^/]+)\/([^/]+)/.exec(url.pathname) ?? [];
  const id = decoded(ofPath ?? '') || componentIn(request.body);
  const keyId = collection === 'keys' ? undefined : model.keyOf(id);
  const etag = model.components.get(id)?.etag ?? '"1"';
  const headerEntries = Object.entries(request.headers).map(([name, value]) => [
    name,
    value.replace('@etag', etag).replace('@session', model.session),
  ]);
  const withSession = request.headers['cookie'] === '@session' && model.session !== '';
  const headers = { ...(withSession ? {} : WITH_KEY), ...Object.fromEntries(headerEntries) };
  // Validity of a configuration document depends on the others.
  const config = isConfigPath(url.pathname) ? 'config' : undefined;
  const locks = [id, keyId, config].filter((lock) => lock !== undefined && lock !== '') as string[];
  return { ...request, headers, url, locks };
}

const pick = (known: readonly string[], at: string, otherwise: string): string =>
  known[Number(at) % Math.max(1, known.length)] ?? otherwise;

/** Component id in a registration. */
function componentIn(body: WireRequest['body']): string {
  const json = jsonOf(body);
  const id = typeof json === 'object' && json !== null && 'id' in json ? json.id : undefined;
  return typeof id === 'string' ? id : '';
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // Invalid UTF-8 is not an id.
    return '';
  }
}

/** The body as the receiver should read it; undefined if it is not JSON. */
function jsonOf(body: WireRequest['body']): unknown {
  if (body === undefined) return undefined;
  const text = typeof body === 'string' ? body.replace(/^\ufeff/, '') : new TextDecoder().decode(body);
  try {
    return JSON.parse(text);
  } catch {
    // Invalid JSON is intended.
    return undefined;
  }
}

async function send({ method, url, headers, body }: Resolved): Promise<ApiResponse> {
  const response = await worker.default.fetch(url.href, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
    redirect: 'manual',
    signal: AbortSignal.timeout(RESPONSE_TIMEOUT_MS),
  });
  if (response.headers.get('content-type')?.includes('event-stream')) {
    await response.body?.cancel();
    return { status: response.status, body: null, headers: response.headers };
  }
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers };
}

function describe({ method, url, headers, body, mutation }: Resolved, response: ApiResponse, faults: string[]): string {
  const sent =
    body === undefined
      ? ''
      : ` body ${JSON.stringify(typeof body === 'string' ? body : Array.from(body.slice(0, 200)))}`;
  const shown = JSON.stringify(response.body) ?? '';
  return [
    faults.join('; '),
    `  ${method} ${(url.pathname + url.search).slice(0, 300)} ${JSON.stringify(headers)} (${mutation})${sent.slice(0, 1_200)}`,
    `  → ${response.status} ${shown.slice(0, 500)}`,
  ].join('\n');
}
