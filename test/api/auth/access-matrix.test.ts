/**
 * Every route × everybody who may come: what each is answered, and that who is refused changes nothing.
 * The routes come from the contract and what they take from their `x-permission`, so a route added later
 * is in here by itself; what a permission means is written down here once more, by hand.
 */
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CallerName, Target } from '../../support/callers.ts';
import { CALLERS, Callers, targetRegistration } from '../../support/callers.ts';
import { contractOperations } from '../../support/contract-operations.ts';
import type { Answer } from '../../support/coordinator-http.ts';
import { call, eventually, freshId } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import type { Sample } from '../../support/sample-requests.ts';
import { SAMPLED, nameOf, sampleFor } from '../../support/sample-requests.ts';

const STRANGERS: readonly CallerName[] = [
  'nobody',
  'garbage',
  'a key nobody made',
  'a revoked key',
  'an expired key',
  'a rotated secret',
];
const EVERYTHING: readonly CallerName[] = ['operator', "an operator's session", 'admin', 'root'];
const OWN: readonly CallerName[] = ['the component itself', 'its registrar'];
const FOREIGN: readonly CallerName[] = ['another component', 'a registrar of its type', 'a registrar of another type'];
const SEEING: readonly CallerName[] = ['viewer', 'viewer and router'];
const ROUTING: readonly CallerName[] = ['router', 'viewer and router'];

/** What callers with a key are answered; who is in neither list is forbidden. */
interface Rule {
  readonly allowed: readonly CallerName[];
  /** To them what they ask about is not there. */
  readonly unseen?: readonly CallerName[];
}

const RULES: Readonly<Record<string, Rule>> = {
  public: { allowed: CALLERS },
  'any-key': { allowed: CALLERS.filter((caller) => !STRANGERS.includes(caller)) },
  read: { allowed: [...SEEING, ...EVERYTHING] },
  'read-component': { allowed: [...SEEING, ...OWN, ...EVERYTHING], unseen: FOREIGN },
  route: { allowed: [...ROUTING, ...EVERYTHING] },
  report: { allowed: [...ROUTING, ...OWN, ...EVERYTHING], unseen: FOREIGN },
  register: { allowed: [...OWN, ...EVERYTHING] },
  'change-component': { allowed: [...OWN, ...EVERYTHING], unseen: FOREIGN },
  operate: { allowed: EVERYTHING },
  administer: { allowed: ['admin', 'root'] },
};

interface Outcome {
  /** Null: anything that shows that the caller was let in. */
  readonly status: number | null;
  readonly code?: string | undefined;
  readonly body?: object;
  /** Nothing may have changed. */
  readonly isRefusal: boolean;
  /** It must look as if the target had never been. */
  readonly isUnseen?: boolean;
}

const refused = (status: number, code: string): Outcome => ({ status, code, isRefusal: true });
const UNAUTHORIZED = refused(401, 'unauthorized');
const FORBIDDEN = refused(403, 'forbidden');
const UNSEEN: Outcome = { ...refused(404, 'unknown-component'), isUnseen: true };
/** A batch is taken; what is not theirs in it is unknown. */
const UNSEEN_IN_BATCH: Outcome = {
  status: 200,
  body: { results: [{ ok: false, code: 'unknown-component', expiresAt: null }] },
  isRefusal: true,
  isUnseen: true,
};

/** Cells that are answered in a way of their own. */
const SPECIAL: Readonly<Record<string, Partial<Record<CallerName, Outcome>>>> = {
  'POST /v1/components': { 'a registrar of its type': refused(409, 'id-taken') },
  'POST /v1/heartbeats': Object.fromEntries(FOREIGN.map((caller) => [caller, UNSEEN_IN_BATCH])),
  'GET /v1/session': { "an operator's session": { status: 200, isRefusal: false } },
  // A session cannot prolong itself.
  'POST /v1/session': { "an operator's session": UNAUTHORIZED },
};

/** Who gets what for registering an id that was never there. */
const KEYED: readonly CallerName[] = ['its registrar', 'a registrar of its type'];

const operations = contractOperations().map((operation) => [nameOf(operation), operation] as const);
const cells = (operations.length + 1) * CALLERS.length;

const allowed = ({ status, code }: Pick<Sample, 'status' | 'code'>): Outcome => ({ status, code, isRefusal: false });

function outcomeOf(permission: string | undefined, caller: CallerName, sample: Sample): Outcome {
  const rule = RULES[permission ?? ''];
  if (rule?.allowed.includes(caller)) return allowed(sample);
  if (STRANGERS.includes(caller)) return UNAUTHORIZED;
  return rule?.unseen?.includes(caller) ? UNSEEN : FORBIDDEN;
}

function expectOutcome(answer: Answer, { status, code, body = {} }: Outcome): void {
  if (status === null) {
    expect([401, 403], JSON.stringify(answer.body)).not.toContain(answer.status);
    expect(answer.status).toBeLessThan(500);
    expect(answer.body?.code).not.toBe('unknown-component');
  } else if (code === undefined) {
    expect({ status: answer.status, body: answer.body }).toMatchObject({ status, body: status === 204 ? '' : body });
  } else expectProblem(answer, status, code);
  if (status === 401 && code === 'unauthorized') expect(answer.headers.get('set-cookie')).toBeNull();
}

/** All that is seen of the target and does not move by itself, and whatever else the call would touch. */
async function standing({ id }: Target, touches: string | undefined): Promise<unknown> {
  const { status, body } = await call('GET', `/v1/components/${id}`);
  const { health, load, ...rest } = body;
  const { status: condition, errorCount, reason } = health ?? {};
  const { share: _, ...reported } = load ?? {};
  const other = touches === undefined ? null : await call('GET', touches);
  return { status, ...rest, health: { condition, errorCount, reason }, load: reported, other: other?.body };
}

/** An answer to the byte, but for what is of the call alone. */
const bytesOf = ({ status, headers, body }: Answer, id: string): string =>
  JSON.stringify({
    status,
    headers: [...headers].filter(([name]) => name !== 'x-request-id'),
    body: { ...body, ...('requestId' in body ? { instance: '', requestId: '' } : {}) },
  }).replaceAll(id, '<id>');

/** The same request about an id of the same length that never was. */
const elsewhere = ({ path, body }: Sample, from: string, to: string): { path: string; body: unknown } => ({
  path: path.replaceAll(from, to),
  body: body === undefined ? undefined : JSON.parse(JSON.stringify(body).replaceAll(from, to)),
});

/** Ids of the calls that were refused: none may have left a trace. */
const refusedCalls = new Set<string>();

describe(`the access matrix: ${cells} cells`, () => {
  let callers: Callers;
  let target: Target;
  beforeAll(async () => {
    callers = await Callers.make();
    // Somebody to route to.
    const { id } = await callers.target();
    await call('POST', `/v1/components/${id}/heartbeat`, {});
  });
  let targets = 0;
  let isTouched = true;
  beforeEach(async () => {
    if (isTouched) {
      // A registrar may register so many at once.
      if (++targets % 800 === 0) callers = await Callers.make();
      target = await callers.target();
    }
    isTouched = true;
  });
  afterEach(async () => {
    if (isTouched) await Callers.remove(target);
  });
  /** Whether the next cell wants a target of its own: also when this one failed half-way. */
  const keepTarget = (): void => void (isTouched = false);

  describe.each(operations)('%s', (name, operation) => {
    let strangers: Promise<Map<CallerName, Answer>> | null = null;
    it.each(CALLERS)('%s', async (caller) => {
      const sample = await sampleFor(operation, target);
      const expected = SPECIAL[name]?.[caller] ?? outcomeOf(operation.permission, caller, sample);
      const ask = (who: CallerName, { path, body }: Pick<Sample, 'path' | 'body'> = sample): Promise<Answer> => {
        const requestId = freshId('matrix-call');
        if (expected.isRefusal) refusedCalls.add(requestId);
        const headers = { ...callers.headersOf(who, target), 'x-request-id': requestId };
        return call(operation.method, path, body, headers);
      };
      if (!expected.isRefusal) {
        expectOutcome(await ask(caller), expected);
        if (name === 'DELETE /v1/session') await callers.openSession();
        if (operation.method === 'GET') keepTarget();
        return;
      }
      const before = await standing(target, sample.touches);
      // Together, because keys that nobody knows are looked up at a pace.
      const askStrangers = async () =>
        new Map(await Promise.all(STRANGERS.map(async (who) => [who, await ask(who)] as const)));
      const answer = STRANGERS.includes(caller)
        ? (await (strangers ??= askStrangers())).get(caller)!
        : await ask(caller);
      expectOutcome(answer, expected);
      expect(await standing(target, sample.touches)).toEqual(before);
      if (expected.isUnseen) {
        const never = freshId('matrix');
        const asked = await ask(caller, elsewhere(sample, target.id, never));
        expect(bytesOf(answer, target.id)).toBe(bytesOf(asked, never));
      }
      keepTarget();
    });
  });

  describe('POST /v1/components with an id that was never there', () => {
    it.each(CALLERS)('%s', async (caller) => {
      const id = freshId('matrix');
      const answer = await call('POST', '/v1/components', targetRegistration(id), callers.headersOf(caller, target));
      const mayRegister = [...KEYED, ...EVERYTHING].includes(caller);
      if (!mayRegister) {
        expectOutcome(answer, STRANGERS.includes(caller) ? UNAUTHORIZED : FORBIDDEN);
        expectProblem(await call('GET', `/v1/components/${id}`), 404, 'unknown-component');
        return;
      }
      expectOutcome(answer, { status: 201, body: { id }, isRefusal: false });
      const { key } = answer.body;
      if (KEYED.includes(caller)) expect(key.scopes).toEqual([`component:${id}`]);
      else expect(key).toBeUndefined();
      await call('DELETE', `/v1/components/${id}`);
    });
  });

  it.each(OWN)('%s is told of a batch what is theirs, and no more', async (caller) => {
    const foreign = (await call('POST', '/v1/components', targetRegistration(freshId('matrix')))).body.id as string;
    const heartbeats = [foreign, target.id, freshId('matrix')].map((id) => ({ id }));
    const { body } = await call('POST', '/v1/heartbeats', { heartbeats }, callers.headersOf(caller, target));
    expect(body.results.map(({ code }: { code: string | null }) => code)).toEqual([
      'unknown-component',
      null,
      'unknown-component',
    ]);
    await call('DELETE', `/v1/components/${foreign}`);
  });

  it('leaves no trace of a refused call in the audit', async () => {
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

  it('has a sample request for every route, and none for a route that is gone', () => {
    const names = operations.map(([name]) => name);
    const hint = 'Describe a small valid request of each of these, and its answer, in test/support/sample-requests.ts';
    expect(
      names.filter((name) => !SAMPLED.includes(name)),
      hint,
    ).toEqual([]);
    expect(
      SAMPLED.filter((name) => !names.includes(name)),
      'These routes are gone: remove their samples',
    ).toEqual([]);
  });

  it('knows what each permission means', () => {
    const unknown = operations.filter(([, { permission }]) => !((permission ?? '') in RULES));
    expect(unknown, 'Say in RULES above who has the permission of these').toEqual([]);
  });

  it('is large enough to mean something', () => {
    expect(cells).toBeGreaterThanOrEqual(500);
  });
});

/** Request ids of all that the audit holds. */
async function auditedCalls(): Promise<string[]> {
  const found: string[] = [];
  for (let cursor = ''; ;) {
    const { body } = await call('GET', `/v1/audit?limit=100${cursor}`);
    for (const { actor } of body.items) found.push(actor.requestId as string);
    if (body.nextCursor === null) return found;
    cursor = `&cursor=${encodeURIComponent(body.nextCursor)}`;
  }
}
