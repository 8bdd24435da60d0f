/**
 * Every route × everybody who may come: what each is answered. The routes come from the contract and what
 * they take from their `x-permission`, so a route added later is in here by itself; what a permission means
 * is written down here once more, by hand.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { CallerName, Target } from '../support/callers.ts';
import { CALLERS, Callers } from '../support/callers.ts';
import { contractOperations } from '../support/contract-operations.ts';
import { call } from '../support/coordinator-http.ts';
import type { Answer } from '../support/coordinator-http.ts';
import { expectProblem } from '../support/expect-problem.ts';
import { hasSample, nameOf, sampleFor } from '../support/sample-requests.ts';

/** Let in; not known; not allowed; what is asked about is not there for them. */
type Verdict = 'in' | 401 | 403 | 404;

const STRANGERS: readonly CallerName[] = CALLERS.slice(0, 6);
const EVERYTHING: readonly CallerName[] = ['operator', "an operator's session", 'admin', 'root'];
const OWN: readonly CallerName[] = ['the component itself', 'its registrar'];
const FOREIGN: readonly CallerName[] = ['another component', 'a registrar of its type', 'a registrar of another type'];
const SEEING: readonly CallerName[] = ['viewer', 'viewer and router'];
const ROUTING: readonly CallerName[] = ['router', 'viewer and router'];

interface Rule {
  readonly in: readonly CallerName[];
  /** Let in, but what they ask about is not there for them. */
  readonly unseen?: readonly CallerName[];
}

const RULES: Readonly<Record<string, Rule>> = {
  public: { in: CALLERS },
  'any-key': { in: CALLERS.filter((caller) => !STRANGERS.includes(caller)) },
  read: { in: [...SEEING, ...EVERYTHING] },
  'read-component': { in: [...SEEING, ...OWN, ...EVERYTHING], unseen: FOREIGN },
  route: { in: [...ROUTING, ...EVERYTHING] },
  report: { in: [...ROUTING, ...OWN, ...EVERYTHING], unseen: FOREIGN },
  register: { in: [...OWN, ...EVERYTHING], unseen: FOREIGN },
  'change-component': { in: [...OWN, ...EVERYTHING], unseen: FOREIGN },
  operate: { in: EVERYTHING },
  administer: { in: ['admin', 'root'] },
};

/** Cells that are answered in a way of their own. */
const SPECIAL: Readonly<Record<string, Partial<Record<CallerName, (answer: Answer) => void>>>> = {
  'POST /v1/components': {
    'another component': (answer) => expectProblem(answer, 403, 'forbidden'),
    'a registrar of its type': (answer) => expectProblem(answer, 409, 'id-taken'),
    'a registrar of another type': (answer) => expectProblem(answer, 403, 'forbidden'),
  },
  'POST /v1/heartbeats': Object.fromEntries(
    FOREIGN.map((caller) => [
      caller,
      ({ status, body }: Answer) => {
        expect(status).toBe(200);
        expect(body.results).toMatchObject([{ ok: false, code: 'unknown-component' }]);
      },
    ]),
  ),
  'GET /v1/session': { "an operator's session": ({ status }) => expect(status).toBe(200) },
  'POST /v1/session': { "an operator's session": (answer) => expectProblem(answer, 401, 'unauthorized') },
};

const CODES = { 401: 'unauthorized', 403: 'forbidden', 404: 'unknown-component' } as const;
const NOBODY = 'nobody-by-that-id';

const operations = contractOperations();
const cells = operations.length * CALLERS.length;

function verdictOn(permission: string | undefined, caller: CallerName): Verdict {
  const rule = RULES[permission ?? ''];
  if (rule?.in.includes(caller)) return 'in';
  if (STRANGERS.includes(caller)) return 401;
  return rule?.unseen?.includes(caller) ? 404 : 403;
}

/** What of a component does not move by itself. */
async function standing({ id }: Target): Promise<unknown> {
  const { status, body } = await call('GET', `/v1/components/${id}`);
  return { status, generation: body.generation, revision: body.revision, lifecycle: body.lifecycle };
}

const withoutTraces = ({ status, body }: Answer) => ({ status, ...body, instance: '', requestId: '', detail: '' });

describe(`the access matrix: ${operations.length} routes × ${CALLERS.length} callers = ${cells} cells`, () => {
  let callers: Callers;
  beforeAll(async () => {
    callers = await Callers.make();
    // Somebody to route to.
    const { id } = await callers.target();
    await call('POST', `/v1/components/${id}/heartbeat`, {});
  });

  it('is large enough to mean something', () => {
    expect(cells).toBeGreaterThanOrEqual(500);
  });

  it.each(operations.map((operation) => [nameOf(operation), operation] as const))(
    '%s has a sample request',
    (name, operation) => {
      expect({ name, hasSample: hasSample(operation) }, 'add one to test/support/sample-requests.ts').toEqual({
        name,
        hasSample: true,
      });
    },
  );

  describe.each(operations.map((operation) => [nameOf(operation), operation] as const))('%s', (name, operation) => {
    it.each(CALLERS)('%s', async (caller) => {
      const target = await callers.target();
      const { path, body, status } = await sampleFor(operation, target);
      const before = await standing(target);
      const answer = await call(operation.method, path, body, callers.headersOf(caller, target));

      const special = SPECIAL[name]?.[caller];
      const verdict = verdictOn(operation.permission, caller);
      if (special) special(answer);
      else if (verdict === 'in') expectLetIn(answer, status);
      else {
        expect(await standing(target)).toEqual(before);
        expectProblem(answer, verdict, CODES[verdict]);
      }
      if (special || verdict !== 404) return;
      // What is not theirs looks exactly like what is not there.
      const missing = path.replace(target.id, NOBODY);
      const asked = await call(operation.method, missing, replaceId(body, target), callers.headersOf(caller, target));
      expect(withoutTraces(answer)).toEqual(withoutTraces(asked));
    });
  });
});

const replaceId = (body: unknown, { id }: Target): unknown =>
  body === undefined ? undefined : JSON.parse(JSON.stringify(body).replaceAll(id, NOBODY));

function expectLetIn(answer: Answer, status: number | null): void {
  if (status !== null) expect(answer.status).toBe(status);
  else {
    expect([401, 403, 500, 503]).not.toContain(answer.status);
    expect(answer.body?.code).not.toBe('unknown-component');
  }
}
