/** Valid requests beyond single components: lists with filters, routing, keys. */
import * as fc from 'fast-check';
import { BUILT_IN_REQUEST_TYPES, BUILT_IN_TYPES } from '../../../src/core/config/component-types.ts';
import { EVENT_TYPES } from '../../../src/core/event/coordinator-event.ts';
import type { Draft } from './fuzz-request.ts';
import { ANCHORS, poolId } from './fuzz-pool.ts';
import type { Value } from './strange-values.ts';
import { someText, strangeObject, strangeText } from './strange-values.ts';

const DAY_MS = 86_400_000;

type Parameter = readonly [string, string];

/** Parameters, each present or absent. */
const parameters = (shape: Record<string, fc.Arbitrary<string>>): fc.Arbitrary<Parameter[]> =>
  fc.record(shape, { requiredKeys: [] }).map((made) => Object.entries(made) as Parameter[]);

const listed = (query: fc.Arbitrary<readonly Parameter[]>): fc.Arbitrary<Draft> =>
  query.map((made) => ({ params: {}, query: made, headers: {} }));

const limit = fc.constantFrom('1', '2', '99', '500');
const componentId = fc.oneof(fc.nat(199).map(poolId), strangeText(100));

export const componentsDraft: fc.Arbitrary<Draft> = listed(
  fc
    .tuple(
      parameters({
        limit,
        type: fc.constantFrom(...BUILT_IN_TYPES),
        status: fc.constantFrom('unknown', 'healthy', 'degraded', 'unhealthy'),
        lifecycle: fc.constantFrom('active', 'standby', 'draining', 'maintenance', 'isolated'),
        location: strangeText(100),
        capability: strangeText(100),
      }),
      fc.array(fc.tuple(strangeText(40), strangeText(100)), { maxLength: 2 }),
      fc.constantFrom<Parameter[]>([], [], [['cursor', '@cursor']]),
    )
    .map(([named, metadata, cursor]) => [
      ...named,
      ...metadata.map(([name, value]) => [`metadata.${name}`, value] as const),
      ...cursor,
    ]),
);

const moment = fc.constantFrom('1970-01-01T00:00:00Z', '2026-02-28T23:59:59.999+14:00', '9999-12-31T23:59:59Z');

export const failuresDraft = listed(
  parameters({
    limit,
    componentId,
    componentType: fc.constantFrom(...BUILT_IN_TYPES),
    source: fc.constantFrom('check', 'heartbeat', 'report'),
    since: moment,
    until: moment,
  }),
);
export const recoveriesDraft = listed(
  parameters({
    limit,
    componentId,
    status: fc.constantFrom('running', 'successful', 'failed', 'timeout', 'cancelled'),
  }),
);
export const incidentsDraft = listed(
  parameters({ limit, componentId, status: fc.constantFrom('open', 'acknowledged', 'resolved') }),
);
export const eventsDraft = listed(
  parameters({
    after: fc.constantFrom('0', '1', '9007199254740991', '77'),
    limit: fc.constantFrom('1', '50', '1000'),
    subject: componentId,
    types: fc.subarray([...EVENT_TYPES], { minLength: 1 }).map((types) => types.join(', ')),
  }),
);
export const streamDraft = listed(
  parameters({
    after: fc.constantFrom('0', '1', '9007199254740991', '77'),
    subject: componentId,
    types: fc.subarray([...EVENT_TYPES], { minLength: 1 }).map((types) => types.join(',')),
  }),
);
export const snapshotDraft = listed(
  parameters({
    type: fc.constantFrom(...BUILT_IN_TYPES),
    // Far from any existing index: a request with the current one would wait.
    index: fc.constantFrom('9007199254740991', '999999999'),
    wait: fc.constantFrom('0', '10', '300000'),
  }),
);
export const keysDraft = listed(parameters({ limit, cursor: strangeText(200) }));

const preferences = fc.oneof(
  fc.constantFrom<Value>({ strict: true }, { strict: true, capabilities: [], match: {} }, {}),
  fc.record(
    {
      preferredComponent: fc.constantFrom(...ANCHORS, 'nobody'),
      avoidComponents: fc.array(fc.constantFrom(...ANCHORS, 'nobody'), { maxLength: 4 }),
      maxLoad: fc.constantFrom(0, -0, 0.5, 100),
      location: someText(128),
      capabilities: fc.array(someText(128), { maxLength: 4 }),
      match: fc.dictionary(someText(60), strangeText(100), { maxKeys: 4 }),
    },
    { requiredKeys: [], noNullPrototype: true },
  ) as fc.Arbitrary<Value>,
);

const target = fc.oneof(
  fc.constantFrom(...BUILT_IN_TYPES).map((type) => ({ type })),
  fc.constantFrom(...Object.values(BUILT_IN_REQUEST_TYPES).flat()).map((requestType) => ({ requestType })),
);

const leaseTerms = fc.record(
  {
    ttlMs: fc.constantFrom(1_000, 30_000, 3_600_000),
    slots: fc.constantFrom(1, 2, 1_000),
    waitMs: fc.constantFrom(0, 1, 30_000),
  },
  { requiredKeys: [], noNullPrototype: true },
);

export const routeDraft: fc.Arbitrary<Draft> = fc
  .tuple(
    target,
    fc.record(
      { payload: strangeObject(3, 5), preferences, explain: fc.boolean(), lease: leaseTerms },
      { requiredKeys: [], noNullPrototype: true },
    ),
  )
  .map(([chosen, rest]) => ({ params: {}, query: [], headers: {}, body: { ...chosen, ...rest } as unknown as Value }));

const oneLease = fc.nat(999).map((at) => ({ id: `@lease:${at}` }));

/** Without an error, which would count as a failure of a component. */
export const completionDraft: fc.Arbitrary<Draft> = fc
  .tuple(
    oneLease,
    fc.record(
      { outcome: fc.constantFrom('success', 'failure', 'timeout'), latencyMs: fc.constantFrom(0, 0.5, 86_400_000) },
      { requiredKeys: ['outcome'], noNullPrototype: true },
    ),
  )
  .map(([params, body]) => ({ params, query: [], headers: {}, body: body as unknown as Value }));

export const renewalDraft: fc.Arbitrary<Draft> = fc
  .tuple(oneLease, fc.constantFrom<Value>({ ttlMs: 1_000 }, { ttlMs: 3_600_000 }))
  .map(([params, body]) => ({ params, query: [], headers: {}, body }));

export const leasesDraft = listed(
  parameters({ limit, type: fc.constantFrom(...BUILT_IN_TYPES), componentId: fc.nat(199).map(poolId) }),
);

const scope = fc.oneof(
  fc.constantFrom('viewer', 'router', 'operator', 'admin'),
  fc.nat(199).map((at) => `component:${poolId(at)}`),
  fc.constantFrom(...BUILT_IN_TYPES).map((type) => `registrar:${type}`),
);

/** Whole days from now, so that a seed gives the same text all day. */
const expiry = fc.constantFrom(2, 30, 3_600).map((days) => {
  const day = Math.floor(Date.now() / DAY_MS) + days;
  return new Date(day * DAY_MS).toISOString();
});

const keyName = someText(128).map((name) => name.toWellFormed().replaceAll(/[\p{Cc}\p{Cs}]/gu, '·'));

export const newKeyDraft: fc.Arbitrary<Draft> = fc
  .record(
    { name: keyName, scopes: fc.array(scope, { minLength: 1, maxLength: 16 }), expiresAt: expiry },
    { requiredKeys: ['name', 'scopes'], noNullPrototype: true },
  )
  .map((body) => ({ params: {}, query: [], headers: {}, body: body as unknown as Value }));

const oneKey = fc.nat(999).map((at) => ({ id: `@key:${at}` }));

export const readKeyDraft: fc.Arbitrary<Draft> = oneKey.map((params) => ({ params, query: [], headers: {} }));

export const rotateKeyDraft: fc.Arbitrary<Draft> = fc
  .tuple(oneKey, fc.constantFrom<Value>({}, { overlapMs: 0 }, { overlapMs: 1 }, { overlapMs: 30 * DAY_MS }))
  .map(([params, body]) => ({ params, query: [], headers: {}, body }));

const quota = fc.constantFrom(null, 0, 1, 1_000_000);
const waiters = fc.constantFrom(null, 0, 5_000);

export const quotasDraft: fc.Arbitrary<Draft> = fc
  .tuple(oneKey, fc.record({ leaseSlots: quota, leaseWaiters: waiters }, { requiredKeys: [], noNullPrototype: true }))
  .map(([params, quotas]) => ({ params, query: [], headers: {}, body: { quotas } as unknown as Value }));

export const redistributeDraft: fc.Arbitrary<Draft> = fc
  .constantFrom<Value>({}, ...BUILT_IN_TYPES.map((type) => ({ type })))
  .map((body) => ({ params: {}, query: [], headers: {}, body }));

export const revokeKeyDraft: fc.Arbitrary<Draft> = fc
  .tuple(oneKey, fc.constantFrom<Parameter[]>([], [], [['cascade', 'true']], [['cascade', 'false']]))
  .map(([params, query]) => ({ params, query, headers: {} }));

export const sessionDraft: fc.Arbitrary<Draft> = fc.constant({
  params: {},
  query: [],
  headers: { cookie: '@session' },
});
