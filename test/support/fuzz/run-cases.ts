/** Sends the cases, several at once as long as they are about different things, and has the model learn. */
import { exports } from 'cloudflare:workers';
import type { Answer } from '../coordinator-http.ts';
import { faultsOf } from './check-answer.ts';
import { isConfigPath } from './config-model.ts';
import type { FleetModel } from './fleet-model.ts';
import type { WireRequest } from './fuzz-request.ts';

const AT_ONCE = 8;
const MAX_KINDS = 25;
const ANSWER_WITHIN_MS = 20_000;
const WITH_KEY = { authorization: 'Bearer test-admin-key' };
const ORIGIN = 'https://coordinator.test';

export interface Tally {
  readonly total: number;
  readonly accepted: number;
}

export interface RunReport {
  readonly byOperation: ReadonlyMap<string, Tally>;
  readonly byStatus: ReadonlyMap<number, number>;
  /** One of each kind, up to 25. */
  readonly violations: readonly string[];
}

interface Resolved extends WireRequest {
  readonly url: URL;
  /** What no other case of the group may be about. */
  readonly locks: readonly string[];
}

const worker = exports as unknown as { default: Fetcher };

export async function runCases(cases: readonly WireRequest[], model: FleetModel): Promise<RunReport> {
  const byOperation = new Map<string, Tally>();
  const byStatus = new Map<number, number>();
  const violations = new Map<string, string>();
  for (let next = 0; next < cases.length;) {
    const group = nextGroup(cases, next, model);
    next += group.length;
    const answers = await Promise.all(group.map(send));
    const busy = new Set(group.flatMap(({ locks }) => locks));
    group.forEach((request, at) => {
      const answer = answers[at]!;
      const { total, accepted } = byOperation.get(request.operation) ?? { total: 0, accepted: 0 };
      const isAccepted = answer.status >= 200 && answer.status < 300;
      byOperation.set(request.operation, { total: total + 1, accepted: accepted + Number(isAccepted) });
      byStatus.set(answer.status, (byStatus.get(answer.status) ?? 0) + 1);
      const json = jsonOf(request.body);
      const faults = [
        ...faultsOf(answer),
        ...model.learn({ method: request.method, pathname: request.url.pathname, json, busy }, answer),
      ];
      if (faults.length === 0) return;
      const kind = kindOf(faults);
      if (!violations.has(kind) && violations.size < MAX_KINDS) violations.set(kind, describe(request, answer, faults));
    });
  }
  return { byOperation, byStatus, violations: [...violations.values()] };
}

/** The faults without what is special to the case. */
const kindOf = (faults: readonly string[]): string =>
  faults
    .map((fault) =>
      fault
        .replace(/^\S+: /, '')
        .replace(/ (?:as|is) [^]*$/, '')
        .replaceAll(/\S*\d\S*/g, ''),
    )
    .join('; ');

/** The cases that go together: the next ones, up to the first that is about what another is about. */
function nextGroup(cases: readonly WireRequest[], from: number, model: FleetModel): Resolved[] {
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

function resolve(request: WireRequest, model: FleetModel): Resolved {
  const address = request.address
    .replace(/%40key%3A(\d+)/, (_, at: string) => pick([...model.keys.keys()], at, '0123456789ab'))
    .replace(/%40recovery%3A(\d+)/, (_, at: string) => pick(model.recoveryIds, at, `r-${'0'.repeat(32)}`))
    .replace(/%40incident%3A(\d+)/, (_, at: string) => pick(model.incidentIds, at, `i-${'0'.repeat(32)}`))
    .replace(/%40lease%3A(\d+)/, (_, at: string) => pick(model.leaseIds, at, `l-task_router-${'0'.repeat(32)}`))
    .replace('%40cursor', encodeURIComponent(model.cursor || btoa('agent_registry/a')));
  const url = new URL(ORIGIN + address);
  const [, collection, ofPath] = /^\/v1\/([^/]+)\/([^/]+)/.exec(url.pathname) ?? [];
  const id = decoded(ofPath ?? '') || componentIn(request.body);
  const held = collection === 'keys' ? undefined : model.keyOf(id);
  const etag = model.components.get(id)?.etag ?? '"1"';
  const given = Object.entries(request.headers).map(([name, value]) => [
    name,
    value.replace('@etag', etag).replace('@session', model.session),
  ]);
  const withSession = request.headers['cookie'] === '@session' && model.session !== '';
  const headers = { ...(withSession ? {} : WITH_KEY), ...Object.fromEntries(given) };
  // What one document may say depends on the others.
  const config = isConfigPath(url.pathname) ? 'config' : undefined;
  const locks = [id, held, config].filter((lock) => lock !== undefined && lock !== '') as string[];
  return { ...request, headers, url, locks };
}

const pick = (known: readonly string[], at: string, otherwise: string): string =>
  known[Number(at) % Math.max(1, known.length)] ?? otherwise;

/** Of a registration, whose it is. */
function componentIn(body: WireRequest['body']): string {
  const json = jsonOf(body);
  const id = typeof json === 'object' && json !== null && 'id' in json ? json.id : undefined;
  return typeof id === 'string' ? id : '';
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // Not UTF-8: nobody's id.
    return '';
  }
}

/** The body as the other side should read it: undefined when it is no JSON. */
function jsonOf(body: WireRequest['body']): unknown {
  if (body === undefined) return undefined;
  const text = typeof body === 'string' ? body.replace(/^\ufeff/, '') : new TextDecoder().decode(body);
  try {
    return JSON.parse(text);
  } catch {
    // No JSON, as intended.
    return undefined;
  }
}

async function send({ method, url, headers, body }: Resolved): Promise<Answer> {
  const response = await worker.default.fetch(url.href, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
    redirect: 'manual',
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  if (response.headers.get('content-type')?.includes('event-stream')) {
    await response.body?.cancel();
    return { status: response.status, body: null, headers: response.headers };
  }
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers };
}

function describe({ method, url, headers, body, mutation }: Resolved, answer: Answer, faults: string[]): string {
  const sent =
    body === undefined
      ? ''
      : ` body ${JSON.stringify(typeof body === 'string' ? body : Array.from(body.slice(0, 200)))}`;
  const answered = JSON.stringify(answer.body) ?? '';
  return [
    faults.join('; '),
    `  ${method} ${(url.pathname + url.search).slice(0, 300)} ${JSON.stringify(headers)} (${mutation})${sent.slice(0, 1_200)}`,
    `  → ${answer.status} ${answered.slice(0, 500)}`,
  ].join('\n');
}
