/**
 * Every route called by every kind of caller: checks each response, and that a refused call changes nothing.
 * The routes and their `x-permission` come from the contract, so a route added later is covered without an edit here.
 * `RULES` states by hand, a second time, what each permission means.
 */
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CallerName, Target } from '../../support/callers.ts';
import { CALLERS, Callers, targetRegistration } from '../../support/callers.ts';
import { contractOperations } from '../../support/contract-operations.ts';
import type { ApiResponse } from '../../support/coordinator-http.ts';
import { call, eventually, freshId } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import type { Sample } from '../../support/sample-requests.ts';
import { SAMPLED, nameOf, sampleFor } from '../../support/sample-requests.ts';

const STRANGERS: readonly CallerName[] = [
  'no key',
  'garbage',
  'an unknown key',
  'a revoked key',
  'an expired key',
  'a rotated secret',
];
const OPERATORS: readonly CallerName[] = ['operator', "an operator's session", 'admin', 'root'];
const OWN: readonly CallerName[] = ['the component itself', 'its registrar'];
const FOREIGN: readonly CallerName[] = ['another component', 'a registrar of its type', 'a registrar of another type'];
const VIEWERS: readonly CallerName[] = ['viewer', 'viewer and router'];
const ROUTERS: readonly CallerName[] = ['router', 'viewer and router'];

/** Outcome by caller. A caller with a key that is in neither list gets 403. */
interface Rule {
  readonly allowed: readonly CallerName[];
  /** For these callers the component does not exist: 404. */
  readonly unseen?: readonly CallerName[];
}

const RULES: Readonly<Record<string, Rule>> = {
  public: { allowed: CALLERS },
  'any-key': { allowed: CALLERS.filter((caller) => !STRANGERS.includes(caller)) },
  read: { allowed: [...VIEWERS, ...OPERATORS] },
  'read-component': { allowed: [...VIEWERS, ...OWN, ...OPERATORS], unseen: FOREIGN },
  route: { allowed: [...ROUTERS, ...OPERATORS] },
  report: { allowed: [...ROUTERS, ...OWN, ...OPERATORS], unseen: FOREIGN },
  register: { allowed: [...OWN, ...OPERATORS] },
  'change-component': { allowed: [...OWN, ...OPERATORS], unseen: FOREIGN },
  operate: { allowed: OPERATORS },
  administer: { allowed: ['admin', 'root'] },
};

interface Outcome {
  /** Null: any status that shows that the caller was authorized. */
  readonly status: number | null;
  readonly code?: string | undefined;
  readonly body?: object;
  /** The call must change nothing. */
  readonly isRefusal: boolean;
  /** The response must equal the response for an id that was never registered. */
  readonly isUnseen?: boolean;
}

const refused = (status: number, code: string): Outcome => ({ status, code, isRefusal: true });
const UNAUTHORIZED = refused(401, 'unauthorized');
const FORBIDDEN = refused(403, 'forbidden');
const UNSEEN: Outcome = { ...refused(404, 'unknown-component'), isUnseen: true };
/** A batch is accepted; the caller's foreign ids in it are unknown. */
const UNSEEN_IN_BATCH: Outcome = {
  status: 200,
  body: { results: [{ ok: false, error: { code: 'unknown-component' }, expiresAt: null }] },
  isRefusal: true,
  isUnseen: true,
};

/** Cells whose outcome differs from the rule of their permission. */
const SPECIAL: Readonly<Record<string, Partial<Record<CallerName, Outcome>>>> = {
  'POST /v1/components': { 'a registrar of its type': refused(409, 'id-taken') },
  'POST /v1/heartbeats': Object.fromEntries(FOREIGN.map((caller) => [caller, UNSEEN_IN_BATCH])),
  'GET /v1/session': { "an operator's session": { status: 200, isRefusal: false } },
  // A session cannot extend itself.
  'POST /v1/session': { "an operator's session": UNAUTHORIZED },
  'POST /v1/session/link': { "an operator's session": UNAUTHORIZED },
};

/** Callers that receive a component key when they register a new id. */
const REGISTRARS: readonly CallerName[] = ['its registrar', 'a registrar of its type'];

const operations = contractOperations().map((operation) => [nameOf(operation), operation] as const);
const cells = (operations.length + 1) * CALLERS.length;

const allowed = ({ status, code }: Pick<Sample, 'status' | 'code'>): Outcome => ({ status, code, isRefusal: false });

function outcomeOf(permission: string | undefined, caller: CallerName, sample: Sample): Outcome {
  const rule = RULES[permission ?? ''];
  if (rule?.allowed.includes(caller)) return allowed(sample);
  if (STRANGERS.includes(caller)) return UNAUTHORIZED;
  return rule?.unseen?.includes(caller) ? UNSEEN : FORBIDDEN;
}

function expectOutcome(response: ApiResponse, { status, code, body = {} }: Outcome): void {
  if (status === null) {
    expect([401, 403], JSON.stringify(response.body)).not.toContain(response.status);
    expect(response.status).toBeLessThan(500);
    expect(response.body?.code).not.toBe('unknown-component');
  } else if (code === undefined) {
    expect({ status: response.status, body: response.body }).toMatchObject({
      status,
      body: status === 204 ? '' : body,
    });
  } else expectProblem(response, status, code);
  if (status === 401 && code === 'unauthorized') expect(response.headers.get('set-cookie')).toBeNull();
}

/** The visible state of the target, without values that change on their own, and the resource at `touches`. */
async function stateOf({ id }: Target, touches: string | undefined): Promise<unknown> {
  const { status, body } = await call('GET', `/v1/components/${id}`);
  const { health, load, ...rest } = body;
  const { status: condition, errorCount, reason } = health ?? {};
  const { share: _, ...reported } = load ?? {};
  const other = touches === undefined ? null : await call('GET', touches);
  return { status, ...rest, health: { condition, errorCount, reason }, load: reported, other: other?.body };
}

/** A response as text, without the parts that differ for every call. */
const bytesOf = ({ status, headers, body }: ApiResponse, id: string): string =>
  JSON.stringify({
    status,
    headers: [...headers].filter(([name]) => name !== 'x-request-id'),
    body: { ...body, ...('requestId' in body ? { instance: '', requestId: '' } : {}) },
  }).replaceAll(id, '<id>');

/** The same request for an id of the same length that was never registered. */
const elsewhere = ({ path, body }: Sample, from: string, to: string): { path: string; body: unknown } => ({
  path: path.replaceAll(from, to),
  body: body === undefined ? undefined : JSON.parse(JSON.stringify(body).replaceAll(from, to)),
});

/** Request ids of the refused calls: the audit must contain none of them. */
const refusedCalls = new Set<string>();

describe(`access matrix: ${cells} cells`, () => {
  let callers: Callers;
  let target: Target;
  beforeAll(async () => {
    callers = await Callers.make();
    // A routable component.
    const { id } = await callers.target();
    await call('POST', `/v1/components/${id}/heartbeat`, {});
  });
  let targets = 0;
  let needsNewTarget = true;
  beforeEach(async () => {
    if (needsNewTarget) {
      // A registrar has a limit on its registered components.
      if (++targets % 800 === 0) callers = await Callers.make();
      target = await callers.target();
    }
    needsNewTarget = true;
  });
  afterEach(async () => {
    if (needsNewTarget) await Callers.remove(target);
  });
  /** Lets the next cell use the same target. After a cell that fails half-way, the next one gets a new target. */
  const keepTarget = (): void => void (needsNewTarget = false);

  describe.each(operations)('%s', (name, operation) => {
    let strangers: Promise<Map<CallerName, ApiResponse>> | null = null;
    it.each(CALLERS)('%s', async (caller) => {
      const sample = await sampleFor(operation, target);
      const expected = SPECIAL[name]?.[caller] ?? outcomeOf(operation.permission, caller, sample);
      const send = (who: CallerName, { path, body }: Pick<Sample, 'path' | 'body'> = sample): Promise<ApiResponse> => {
        const requestId = freshId('matrix-call');
        if (expected.isRefusal) refusedCalls.add(requestId);
        const headers = { ...callers.headersOf(who, target), 'x-request-id': requestId };
        return call(operation.method, path, body, headers);
      };
      if (!expected.isRefusal) {
        expectOutcome(await send(caller), expected);
        if (name === 'DELETE /v1/session') await callers.openSession();
        if (operation.method === 'GET') keepTarget();
        return;
      }
      const before = await stateOf(target, sample.touches);
      // Sent together, because lookups of unknown keys are rate-limited.
      const sendAsStrangers = async () =>
        new Map(await Promise.all(STRANGERS.map(async (who) => [who, await send(who)] as const)));
      const response = STRANGERS.includes(caller)
        ? (await (strangers ??= sendAsStrangers())).get(caller)!
        : await send(caller);
      expectOutcome(response, expected);
      expect(await stateOf(target, sample.touches)).toEqual(before);
      if (expected.isUnseen) {
        const never = freshId('matrix');
        const unregistered = await send(caller, elsewhere(sample, target.id, never));
        expect(bytesOf(response, target.id)).toBe(bytesOf(unregistered, never));
      }
      keepTarget();
    });
  });

  describe('POST /v1/components with a new id', () => {
    it.each(CALLERS)('%s', async (caller) => {
      const id = freshId('matrix');
      const response = await call('POST', '/v1/components', targetRegistration(id), callers.headersOf(caller, target));
      const mayRegister = [...REGISTRARS, ...OPERATORS].includes(caller);
      if (!mayRegister) {
        expectOutcome(response, STRANGERS.includes(caller) ? UNAUTHORIZED : FORBIDDEN);
        expectProblem(await call('GET', `/v1/components/${id}`), 404, 'unknown-component');
        return;
      }
      expectOutcome(response, { status: 201, body: { id }, isRefusal: false });
      const { key } = response.body;
      if (REGISTRARS.includes(caller)) expect(key.scopes).toEqual([`component:${id}`]);
      else expect(key).toBeUndefined();
      await call('DELETE', `/v1/components/${id}`);
    });
  });

  it.each(OWN)('%s gets results for its own components of a heartbeat batch only', async (caller) => {
    const foreign = (await call('POST', '/v1/components', targetRegistration(freshId('matrix')))).body.id as string;
    const heartbeats = [foreign, target.id, freshId('matrix')].map((id) => ({ id }));
    const { body } = await call('POST', '/v1/heartbeats', { heartbeats }, callers.headersOf(caller, target));
    expect(body.results.map(({ error }: { error: { code: string } | null }) => error?.code ?? null)).toEqual([
      'unknown-component',
      null,
      'unknown-component',
    ]);
    await call('DELETE', `/v1/components/${foreign}`);
  });

  it('writes no audit entry for a refused call', async () => {
    const headers = { 'x-request-id': freshId('matrix-last') };
    await call('POST', '/v1/components', targetRegistration(target.id), headers);
    const patched = await call('PATCH', `/v1/components/${target.id}`, { weight: 3 }, headers);
    expect(patched.status).toBe(200);
    await eventually(
      () => call('GET', `/v1/audit?subject=${target.id}&action=component.update`),
      ({ body }) => body.items.length > 0,
    );
    const traces = await auditedCalls();
    expect(traces).toContain(headers['x-request-id']);
    expect(traces.filter((requestId) => refusedCalls.has(requestId))).toEqual([]);
  });

  it('has a sample request for every route and none for a removed route', () => {
    const names = operations.map(([name]) => name);
    const hint = 'Add a small valid request and its response for each of these in test/support/sample-requests.ts';
    expect(
      names.filter((name) => !SAMPLED.includes(name)),
      hint,
    ).toEqual([]);
    expect(
      SAMPLED.filter((name) => !names.includes(name)),
      'These routes no longer exist: remove their samples',
    ).toEqual([]);
  });

  it('has a rule for every permission', () => {
    const unknown = operations.filter(([, { permission }]) => !((permission ?? '') in RULES));
    expect(unknown, 'Add to RULES above which callers have the permission of these').toEqual([]);
  });

  it('covers at least 500 cells', () => {
    expect(cells).toBeGreaterThanOrEqual(500);
  });
});

/** Request ids of all audit entries. */
async function auditedCalls(): Promise<string[]> {
  const found: string[] = [];
  for (let cursor = ''; ;) {
    const { body } = await call('GET', `/v1/audit?limit=100${cursor}`);
    for (const { actor } of body.items) found.push(actor.requestId as string);
    if (body.nextCursor === null) return found;
    cursor = `&cursor=${encodeURIComponent(body.nextCursor)}`;
  }
}
