/**
 * Components of the fuzz test: a pool of reused ids, and anchors that never change. Because of the anchors,
 * dependencies exist and every type is routable.
 */
import { BUILT_IN_TYPES } from '../../../src/core/config/component-types.ts';
import type { ApiResponse } from '../coordinator-http.ts';
import { call } from '../coordinator-http.ts';
import { silentRegistration } from '../silent-registration.ts';

const POOL_SIZE = 200;
/** Components of this type may fail. The model ignores their lifecycle, which recovery may change. */
export const WARD_TYPE = 'constitutional_runtime';

/** Valid ids that look like something else. */
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

/** Ids that no mutation turns into each other. */
const IDS = Array.from({ length: POOL_SIZE }, (_, at) =>
  at % 12 === 7 ? (ODD_IDS[Math.floor(at / 12)] ?? `odd-${at}`) : `fuzz-${at}-${((at + 7) * 7_919 * 31).toString(36)}`,
);

export const poolId = (at: number): string => IDS[at % POOL_SIZE]!;
export const poolType = (at: number): string => BUILT_IN_TYPES[(at % POOL_SIZE) % BUILT_IN_TYPES.length]!;
export const wardAt = (at: number): number =>
  (at * BUILT_IN_TYPES.length + BUILT_IN_TYPES.indexOf(WARD_TYPE)) % (POOL_SIZE - (POOL_SIZE % BUILT_IN_TYPES.length));

const poolRegistration = (at: number) =>
  silentRegistration(poolId(at), {
    type: poolType(at),
    endpoint: 'https://pool.example.com',
    heartbeat: { ttl: 3_600_000 },
  });

export const ANCHORS: readonly string[] = BUILT_IN_TYPES.map((type) => `anchor-${type.replaceAll('_', '-')}`);

/** Registers all components and makes the anchors healthy. Returns the responses. */
export async function registerPool(): Promise<ApiResponse[]> {
  const raised: ApiResponse[] = [];
  for (const [at, id] of ANCHORS.entries()) {
    const registration = silentRegistration(id, { type: BUILT_IN_TYPES[at], heartbeat: { ttl: 3_600_000 } });
    raised.push(await call('POST', '/v1/components', registration));
    await call('POST', `/v1/components/${id}/heartbeat`, {});
  }
  for (let at = 0; at < POOL_SIZE; at++) raised.push(await call('POST', '/v1/components', poolRegistration(at)));
  return raised;
}
