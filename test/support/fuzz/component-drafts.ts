/** Valid but unusual requests about components. */
import * as fc from 'fast-check';
import type { Draft } from './fuzz-request.ts';
import { ANCHORS, WARD_TYPE, poolId, poolType, wardAt } from './fuzz-pool.ts';
import type { Value } from './strange-values.ts';
import { objectOf, someText, strangeObject, strangeText } from './strange-values.ts';

const at = fc.nat(199);
const ward = fc.nat(32).map(wardAt);

/** Optional members, each present or absent. */
const members = (shape: Record<string, fc.Arbitrary<Value>>): fc.Arbitrary<{ [name: string]: Value }> =>
  fc.record(shape, { requiredKeys: [], noNullPrototype: true }) as fc.Arbitrary<{ [name: string]: Value }>;

const deep = (levels: number): Value => (levels === 0 ? 'ground' : objectOf([['__proto__', deep(levels - 1)]]));
const manyKeys = objectOf(Array.from({ length: 64 }, (_, key) => [`k${key}`, key]));
const largest = { blob: 'x'.repeat(8_192 - '{"blob":""}'.length) };

const freeMetadata: fc.Arbitrary<Value> = fc.oneof(
  { weight: 12, arbitrary: strangeObject(3, 6) },
  { weight: 2, arbitrary: fc.record({ location: strangeText(60), version: someText(20) }, { noNullPrototype: true }) },
  { weight: 1, arbitrary: fc.constantFrom<Value>(deep(31), manyKeys, largest, { ['n'.repeat(128)]: null }, {}) },
);

const endpoint = (id: string): fc.Arbitrary<string> =>
  fc
    .constantFrom('', '/', '/a%20b', '/?q=%00', '/#f', ':8443/x', '/a/../b', `/${'p'.repeat(1_900)}`, '/é', '/%F0%9F')
    .map((rest) => `https://${id.slice(0, 60).replaceAll(/[^a-z0-9]/g, 'x')}.example.com${rest}`);

const capabilities = members({
  maxConcurrentTasks: fc.constantFrom(1, 2, 1_000_000),
  supportedTaskTypes: fc.array(someText(128), { maxLength: 6 }),
  performanceMetrics: fc.boolean(),
  healthMonitoring: fc.boolean(),
  constitutionalCompliance: fc.boolean(),
});

const control = fc.record(
  {
    endpoint: fc.constantFrom('/control', '/c?x=1', 'https://control.example.com/'),
    actions: fc.constantFrom<Value[]>(['restart'], ['scale_up'], ['restart', 'scale_up']),
  },
  { noNullPrototype: true },
);

/** Long enough that no heartbeat expires during the run, except where expiry is harmless. */
const ttl = (type: string) => (type === WARD_TYPE ? fc.constantFrom(1_000, 3_600_000) : fc.constantFrom(3_600_000));

const optional = (type: string) => ({
  capabilities,
  dependencies: fc.uniqueArray(fc.constantFrom(...ANCHORS), { maxLength: 3 }),
  metadata: freeMetadata,
  role: fc.constantFrom('active', 'active', 'active', 'standby'),
  weight: fc.constantFrom(0, -0, 1, 0.5, 1_000, 999.999, 1e-7, 5e-324),
  control,
  deregisterAfter: fc.constantFrom(3_600_000, 2_592_000_000, ...(type === WARD_TYPE ? [10_000] : [])),
});

function registration(place: number, type: string): fc.Arbitrary<{ [name: string]: Value }> {
  const id = poolId(place);
  const required = fc.record(
    { name: someText(256), endpoint: endpoint(id), heartbeat: ttl(type).map((ms) => ({ ttl: ms })) },
    { noNullPrototype: true },
  );
  return fc.tuple(required, members(optional(type))).map(([needed, free]) => ({ id, type, ...needed, ...free }));
}

const usually = fc.nat(24).chain((n) => (n === 0 ? fc.constantFrom('task_router', 'caws_validator') : fc.constant('')));

const registrationDraft: fc.Arbitrary<{ readonly id: string; readonly body: Value }> = fc
  .tuple(at, usually)
  .chain(([place, other]) =>
    registration(place, other === '' ? poolType(place) : other).map((body) => ({ id: poolId(place), body })),
  );

const condition: fc.Arbitrary<Record<string, string>> = fc.constantFrom<Record<string, string>>(
  {},
  {},
  {},
  { 'if-match': '*' },
  { 'if-match': '@etag' },
  { 'if-match': 'W/@etag' },
  { 'if-match': '"1"' },
);

export const registerDraft: fc.Arbitrary<Draft> = registrationDraft.map(({ body }) => ({
  params: {},
  query: [],
  headers: {},
  body,
}));

export const replaceDraft: fc.Arbitrary<Draft> = fc
  .tuple(registrationDraft, condition)
  .map(([{ id, body }, headers]) => ({ params: { id }, query: [], headers, body }));

const removal = fc.constantFrom('control', 'weight', 'role', 'deregisterAfter', 'capabilities', 'metadata');

export const patchDraft: fc.Arbitrary<Draft> = fc.tuple(at, condition).chain(([place, headers]) =>
  fc
    .tuple(members({ name: someText(256), ...optional(poolType(place)) }), fc.option(removal, { freq: 3 }))
    .map(([changes, gone]): Draft => ({
      params: { id: poolId(place) },
      query: [],
      headers,
      body: gone === null ? changes : { ...changes, [gone]: null },
    })),
);

export const removeDraft: fc.Arbitrary<Draft> = fc
  .tuple(
    at,
    condition,
    fc.constantFrom<[string, string][]>(
      [],
      [],
      [['drain', '0']],
      [['drain', '1']],
      [['drain', '40']],
      [['drain', '3600000']],
    ),
  )
  .map(([place, headers, query]) => ({ params: { id: poolId(place) }, query, headers }));

export const oneComponent: fc.Arbitrary<Draft> = at.map((place) => ({
  params: { id: poolId(place) },
  query: [],
  headers: {},
}));

const load = members({
  activeConnections: fc.constantFrom(0, 1, 1_000_000),
  queueDepth: fc.constantFrom(0, 7, 1_000_000_000),
  loadPercentage: fc.constantFrom(0, 0.1, 99.999, 100),
});

const beat = (isWard: boolean) =>
  members({
    status: fc.constantFrom('healthy', 'healthy', 'degraded', ...(isWard ? ['unhealthy'] : [])),
    load,
  });

export const heartbeatDraft: fc.Arbitrary<Draft> = fc.oneof(at, ward).chain((place) =>
  beat(poolType(place) === WARD_TYPE).map((body) => ({
    params: { id: poolId(place) },
    query: [],
    headers: {},
    body,
  })),
);

export const heartbeatsDraft: fc.Arbitrary<Draft> = fc
  .array(
    at.chain((place) => beat(poolType(place) === WARD_TYPE).map((body) => ({ ...body, id: poolId(place) }))),
    { minLength: 1, maxLength: 12 },
  )
  .map((heartbeats) => ({ params: {}, query: [], headers: {}, body: { heartbeats } }));

const failure = fc
  .tuple(members({ code: someText(128) }), someText(2_048), members({ context: strangeObject(3, 5) }))
  .map(([code, message, context]) => ({ error: { ...code, message }, ...context }));

const operationOf = (place: fc.Arbitrary<number>, ...bodies: Value[]): fc.Arbitrary<Draft> =>
  fc
    .tuple(place, fc.constantFrom(...bodies))
    .map(([where, body]) => ({ params: { id: poolId(where) }, query: [], headers: {}, body }));

const asideDraft = operationOf(
  at,
  { action: 'drain' },
  { action: 'drain', durationMs: 60_000 },
  { action: 'isolate', reason: 'it lies' },
  { action: 'maintenance', durationMs: 2_592_000_000 },
  { action: 'restore' },
  { action: 'restore' },
  { action: 'switchover' },
  { action: 'switchback', force: true },
);

const controlDraft = operationOf(
  ward,
  { action: 'restart', idempotencyKey: 'k-1' },
  { action: 'restart', force: true },
  { action: 'scale_up', force: true, reason: 'a rush' },
);

export const operationDraft: fc.Arbitrary<Draft> = fc.oneof(
  { weight: 8, arbitrary: asideDraft },
  // Rare, because each one waits for three failed calls to its controller.
  { weight: 1, arbitrary: controlDraft },
);

export const failureDraft: fc.Arbitrary<Draft> = fc
  .tuple(ward, failure)
  .map(([place, body]) => ({ params: { id: poolId(place) }, query: [], headers: {}, body }));

const outcome = fc.record(
  {
    outcome: fc.constantFrom('success', 'failure', 'timeout'),
    latencyMs: fc.constantFrom(0, 0.25, 86_400_000),
    inFlight: fc.constantFrom(0, 1_000_000),
  },
  { requiredKeys: ['outcome'], noNullPrototype: true },
);

export const outcomesDraft: fc.Arbitrary<Draft> = fc
  .tuple(at, fc.array(outcome, { minLength: 1, maxLength: 12 }))
  .map(([place, body]) => ({ params: { id: poolId(place) }, query: [], headers: {}, body: body as unknown as Value }));
