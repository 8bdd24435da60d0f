/**
 * The components that the fuzzing works on: a pool of ids that are used again and again, and anchors that
 * are never touched, so that dependencies exist and every type can be routed to.
 */
import { TYPES_FROM_START } from '../../../src/core/config/component-types.ts';
import type { Answer } from '../coordinator-http.ts';
import { call } from '../coordinator-http.ts';
import { silentRegistration } from '../silent-registration.ts';

const POOL_SIZE = 200;
/** Components of this type may fail: whatever recovery does to their lifecycle is no concern of the model. */
export const WARD_TYPE = 'constitutional_runtime';

/** Legal ids that look like something else. */
const ODD_IDS = [
  'constructor',
  'prototype',
  'tostring',
  'valueof',
  'null',
  'undefined',
  'nan',
  '0',
  '1e9',
  'a..b',
  'x--',
  'heartbeat',
  'route',
  'stats',
  'key',
  'z'.repeat(128),
];

/** No damage of one id makes another of them. */
const IDS = Array.from({ length: POOL_SIZE }, (_, at) =>
  at % 12 === 7 ? (ODD_IDS[Math.floor(at / 12)] ?? `odd-${at}`) : `fuzz-${at}-${((at + 7) * 7_919 * 31).toString(36)}`,
);

export const poolId = (at: number): string => IDS[at % POOL_SIZE]!;
export const poolType = (at: number): string => TYPES_FROM_START[(at % POOL_SIZE) % TYPES_FROM_START.length]!;
export const wardAt = (at: number): number =>
  (at * TYPES_FROM_START.length + TYPES_FROM_START.indexOf(WARD_TYPE)) %
  (POOL_SIZE - (POOL_SIZE % TYPES_FROM_START.length));

const poolRegistration = (at: number) =>
  silentRegistration(poolId(at), {
    type: poolType(at),
    endpoint: 'https://pool.example.com',
    heartbeat: { ttl: 3_600_000 },
  });

export const ANCHORS: readonly string[] = TYPES_FROM_START.map((type) => `anchor-${type.replaceAll('_', '-')}`);

/** Registers all of them and lets the anchors be healthy; answers the acknowledgements. */
export async function raiseFleet(): Promise<Answer[]> {
  const raised: Answer[] = [];
  for (const [at, id] of ANCHORS.entries()) {
    const registration = silentRegistration(id, { type: TYPES_FROM_START[at], heartbeat: { ttl: 3_600_000 } });
    raised.push(await call('POST', '/v1/components', registration));
    await call('POST', `/v1/components/${id}/heartbeat`, {});
  }
  for (let at = 0; at < POOL_SIZE; at++) raised.push(await call('POST', '/v1/components', poolRegistration(at)));
  return raised;
}
