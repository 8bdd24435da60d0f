/** Ways to take leases from a registry, and to see what it holds. */
import type { Preferences } from '../../../src/core/balancing/preferences.ts';
import type { WorkOutcome } from '../../../src/core/component/work-outcome.ts';
import type { Lease } from '../../../src/core/lease/lease.ts';
import type { AcquireRequest, Acquired, Completion } from '../../../src/registry/contract/lease-api.ts';
import { freshId } from '../../support/coordinator-http.ts';
import type { FreshRegistry } from '../fresh-registry.ts';

export interface Wish {
  readonly slots?: number;
  readonly ttlMs?: number;
  readonly waitMs?: number;
  readonly preferences?: Preferences;
  readonly affinityKey?: string;
  readonly assumedDown?: readonly string[];
  readonly explain?: boolean;
  readonly rehearsal?: AcquireRequest['rehearsal'];
  readonly takesBlock?: boolean;
}

export function asked(wish: Wish = {}): AcquireRequest {
  const { slots = 1, ttlMs = 30_000, waitMs = 0, preferences = {}, affinityKey = null, assumedDown = [] } = wish;
  const { explain = false, rehearsal = null, takesBlock = false } = wish;
  const request = { taskType: null, location: null, preferences, slots, affinityKey, assumedDown };
  return { request, ttlMs, waitMs, explain, rehearsal, takesBlock };
}

export async function acquired(registry: FreshRegistry, wish: Wish = {}): Promise<Acquired> {
  const answer = await registry.api.acquire(asked(wish));
  if (!answer.ok) throw new Error(answer.reason);
  return answer;
}

/** The reason for which it is refused; null when it is not. */
export async function refused(registry: FreshRegistry, wish: Wish = {}): Promise<string | null> {
  const answer = await registry.api.acquire(asked(wish));
  return answer.ok ? null : answer.reason;
}

export const done = (outcome: WorkOutcome = 'success'): Completion => ({ outcome, latencyMs: null, error: null });

/** Registers one that says of itself that it is healthy. */
export async function ready(registry: FreshRegistry, capabilities: object = {}, more: object = {}): Promise<string> {
  const id = freshId();
  await registry.register(id, { healthCheck: undefined, heartbeat: { ttl: 600_000 }, capabilities, ...more });
  await registry.beat(id);
  return id;
}

export const held = async ({ api }: FreshRegistry): Promise<Lease[]> =>
  (await api.listLeases({ after: null, limit: 1_000, componentId: null })).items;

export const inFlightOf = async (registry: FreshRegistry, id: string): Promise<number> =>
  (await registry.read(id)).load.activeConnections;
