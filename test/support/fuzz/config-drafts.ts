/** Valid configuration documents that do not disturb the other operations. */
import * as fc from 'fast-check';
import { BUILT_IN_TYPES } from '../../../src/core/config/component-types.ts';
import { poolId } from './fuzz-pool.ts';
import type { Draft } from './fuzz-request.ts';
import type { Value } from './strange-values.ts';
import { someText, strangeText } from './strange-values.ts';

const part = fc.record(
  {
    match: fc.dictionary(someText(60), strangeText(100), { minKeys: 1, maxKeys: 4 }),
    percent: fc.constantFrom(0, -0, 0.1, 5, 24.999),
  },
  { noNullPrototype: true },
);

const weight = fc.constantFrom(0, 1, 0.5, 1_000);

const settings: Record<string, fc.Arbitrary<unknown>> = {
  healthCheckInterval: fc.constantFrom(1_000, 3_600_000),
  failureThreshold: fc.constantFrom(1, 3, 100),
  recoveryTimeout: fc.constantFrom(60_000, 86_400_000),
  loadBalancingEnabled: fc.boolean(),
  autoScalingEnabled: fc.boolean(),
  maxComponentsPerType: fc.constantFrom(1_000, 10_000),
  failureWindow: fc.constantFrom(1_000, 86_400_000),
  healthyThreshold: fc.constantFrom(1, 20),
  unhealthyThreshold: fc.constantFrom(1, 20),
  flapWindow: fc.constantFrom(1_000, 86_400_000),
  flapHoldMs: fc.constantFrom(0, 1_000),
  ejectionFailures: fc.constantFrom(1, 5, 1_000),
  ejectionMs: fc.constantFrom(0, 1_000, 300_000),
  maxDetectionMs: fc.constantFrom(0, 65_000, 3_600_000),
  snapshotMaxAgeMs: fc.constantFrom(1_000, 2_000),
  balancingPolicy: fc.constantFrom('least-time', 'score', 'least-load', 'round-robin', 'random'),
  scoreWeights: fc.record(
    { degraded: weight, per100Ms: weight, responseTimeMax: weight, taskType: weight, location: weight },
    { noNullPrototype: true },
  ),
  panicThreshold: fc.constantFrom(0, 12.5, 100),
  noHealthyPolicy: fc.constantFrom('reject', 'fail-open'),
  slowStartMs: fc.constantFrom(0, 30_000, 3_600_000),
  trafficSplit: fc.array(part, { maxLength: 4 }),
  controller: fc.constantFrom(null, { url: 'http://127.0.0.1:9/control', actions: ['restart', 'scale_up'] }),
  leaseBlocks: fc.constantFrom(null, { size: 2 }, { size: 256 }),
};

const recoveryStep = fc.record(
  {
    action: fc.constantFrom('restart', 'switchover', 'alert'),
    attempts: fc.constantFrom(1, 5),
    backoffMs: fc.constantFrom(100, 10_000),
    verifyMs: fc.constantFrom(40_000, 3_600_000),
    optional: fc.boolean(),
  },
  { requiredKeys: ['action'], noNullPrototype: true },
);
const recoveryPolicy = fc.record(
  {
    actions: fc.array(recoveryStep, { minLength: 1, maxLength: 8 }),
    cooldownMs: fc.constantFrom(0, 86_400_000),
    maxCooldownMs: fc.constant(86_400_000),
  },
  { requiredKeys: ['actions'], noNullPrototype: true },
);

settings['recovery'] = fc.record(
  { timeout_failure: recoveryPolicy, internal_error: recoveryPolicy },
  { requiredKeys: [], noNullPrototype: true },
);
settings['recoveryFrozen'] = fc.boolean();
settings['values'] = fc.dictionary(someText(20), strangeText(100), { maxKeys: 4 });

const document = fc.record(settings, { requiredKeys: [], noNullPrototype: true }) as fc.Arbitrary<{
  [name: string]: Value;
}>;

/** A few settings of a document, so that most documents are small. */
const few = fc.tuple(document, fc.subarray(Object.keys(settings), { maxLength: 5 })).map(([made, names]) => {
  const kept = Object.entries(made).filter(([name]) => names.includes(name));
  return Object.fromEntries(kept);
});

const anyDocument = fc.oneof({ weight: 1, arbitrary: document }, { weight: 4, arbitrary: few });
const condition = fc.constantFrom<Record<string, string>>({}, {}, {}, { 'if-match': '*' });
const query = fc.constantFrom<readonly (readonly [string, string])[]>(
  [],
  [],
  [['effective', 'true']],
  [['effective', 'false']],
);

/** Few enough to leave capacity for types that a damaged address adds. */
const added = fc.nat(7).map((at) => `added_${at}`);

export const readConfigDraft: fc.Arbitrary<Draft> = query.map((made) => ({ params: {}, query: made, headers: {} }));

export const putConfigDraft: fc.Arbitrary<Draft> = fc
  .tuple(anyDocument, condition)
  .map(([body, headers]) => ({ params: {}, query: [], headers, body }));

export const readTypeConfigDraft: fc.Arbitrary<Draft> = fc
  .tuple(fc.constantFrom(...BUILT_IN_TYPES), query)
  .map(([type, made]) => ({ params: { type }, query: made, headers: {} }));

export const ofTypeDraft: fc.Arbitrary<Draft> = fc
  .constantFrom(...BUILT_IN_TYPES)
  .map((type) => ({ params: { type }, query: [], headers: {} }));

/** Documents of added types, with request types. Built-in types keep theirs. */
const ofAdded = fc.tuple(added, anyDocument, fc.nat(3)).map(([type, made, names]) => ({
  type,
  body: { ...made, requestTypes: Array.from({ length: names }, (_, at) => `${type}.${at}`) } as Value,
}));
const fromStart = fc.tuple(fc.constantFrom(...BUILT_IN_TYPES), anyDocument).map(([type, body]) => ({ type, body }));

const OF_COMPONENT = ['failureThreshold', 'healthyThreshold', 'maxDetectionMs', 'flapHoldMs', 'recovery', 'values'];

export const putComponentConfigDraft: fc.Arbitrary<Draft> = fc
  .tuple(fc.nat(199), document, fc.subarray(OF_COMPONENT), condition)
  .map(([at, made, names, headers]) => {
    const body = Object.fromEntries(Object.entries(made).filter(([name]) => names.includes(name)));
    return { params: { id: poolId(at) }, query: [], headers, body };
  });

export const putTypeConfigDraft: fc.Arbitrary<Draft> = fc
  .tuple(fc.oneof(fromStart, ofAdded), condition)
  .map(([{ type, body }, headers]) => ({ params: { type }, query: [], headers, body }));
