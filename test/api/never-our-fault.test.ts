import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coordinator } from '../../src/coordinator/coordinator-api.ts';
import { call, freshId } from '../support/coordinator-http.ts';
import { silentRegistration } from '../support/silent-registration.ts';

const PATHS = [
  'id',
  'name',
  'type',
  'endpoint',
  'dependencies',
  'metadata',
  'role',
  'weight',
  'heartbeat',
  'heartbeat.ttl',
  'capabilities',
  'capabilities.maxConcurrentTasks',
  'capabilities.supportedTaskTypes',
  'control',
  'control.actions',
  'deregisterAfter',
  'healthCheck',
  'metadata.location',
  'metadata.constructor',
  'unknown',
  '__proto__',
  'toString',
];

interface Mutation {
  readonly path: string;
  /** Undefined removes. */
  readonly value: unknown;
}

/** Values that are nearly right, of the wrong kind, at a bound or plainly strange. */
const strangeValue = fc.oneof(
  { weight: 4, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      undefined,
      null,
      '',
      -1,
      0,
      1.5,
      1e308,
      9_007_199_254_740_992,
      '\u0000',
      '\ud800',
      'constructor',
      [],
      {},
      [[]],
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 300 }) },
);

const mutations = fc.array(fc.record({ path: fc.constantFrom(...PATHS), value: strangeValue }), {
  minLength: 1,
  maxLength: 4,
});

/** A valid registration with some of its fields changed; the strange names become own fields, as JSON makes them. */
function mutate(id: string, changes: readonly Mutation[]): string {
  const registration = silentRegistration(id, {
    metadata: { location: 'weur' },
    capabilities: { maxConcurrentTasks: 5 },
    control: { endpoint: '/control', actions: ['restart'] },
  });
  for (const { path, value } of changes) {
    const [first = '', second] = path.split('.');
    const parent = second === undefined ? registration : registration[first];
    if (typeof parent !== 'object' || parent === null) continue;
    Object.defineProperty(parent, second ?? first, { value, enumerable: true, configurable: true, writable: true });
  }
  return JSON.stringify(registration);
}

/** Text cut, doubled or with something put into it: mostly no JSON any more. */
const damage = fc.record({ at: fc.nat(400), cut: fc.nat(20), insert: fc.string({ maxLength: 5 }) });

const isOurs = (status: number): boolean => status === 200 || status === 201 || (status >= 400 && status < 500);

describe('a bad request is never answered as our fault', () => {
  it('whatever a registration holds', async () => {
    await fc.assert(
      fc.asyncProperty(mutations, async (changes) => {
        const id = freshId();
        const { status, body } = await call('POST', '/v1/components', mutate(id, changes));
        expect(isOurs(status), `${status} ${JSON.stringify(body)}`).toBe(true);
        if (status < 400) return;
        expect(body).toMatchObject({ status, code: expect.any(String) });
        expect(await coordinator().typeOf(id)).toBeNull();
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  it('whatever a change holds, and what is refused changes nothing', async () => {
    const id = freshId();
    await call('POST', '/v1/components', silentRegistration(id));
    await fc.assert(
      fc.asyncProperty(mutations, async (changes) => {
        const before = await call('GET', `/v1/components/${id}`);
        const patch = Object.fromEntries(changes.map(({ path, value }) => [path.split('.')[0], value]));
        const { status, body } = await call('PATCH', `/v1/components/${id}`, JSON.stringify(patch));
        expect(isOurs(status), `${status} ${JSON.stringify(body)}`).toBe(true);
        if (status >= 400) expect((await call('GET', `/v1/components/${id}`)).body).toEqual(before.body);
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  it('however its text is damaged', async () => {
    await fc.assert(
      fc.asyncProperty(damage, async ({ at, cut, insert }) => {
        const whole = JSON.stringify(silentRegistration(freshId()));
        const { status, body } = await call(
          'POST',
          '/v1/components',
          whole.slice(0, at) + insert + whole.slice(at + cut),
        );
        expect(isOurs(status), `${status} ${JSON.stringify(body)}`).toBe(true);
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  it('whatever stands in path and query', async () => {
    const part = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => encodeURIComponent(text.toWellFormed()));
    await fc.assert(
      fc.asyncProperty(part, part, async (first, second) => {
        for (const path of [
          `/v1/components/${first}`,
          `/v1/components?${first}=${second}`,
          `/v1/components?cursor=${first}`,
          `/v1/events?after=${first}&types=${second}`,
        ]) {
          const { status, body } = await call('GET', path);
          expect(isOurs(status), `${path} ${status} ${JSON.stringify(body)}`).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  }, 60_000);
});
