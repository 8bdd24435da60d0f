/** Ways to take leases from a registry, and to see what it holds. */
import type { Preferences } from '../../../src/core/balancing/preferences.ts';
import type { WorkOutcome } from '../../../src/core/component/work-outcome.ts';
import type { Lease } from '../../../src/core/lease/lease.ts';
import type { AcquireRequest, Acquired, Completion } from '../../../src/registry/contract/lease-api.ts';
import { freshId } from '../../support/coordinator-http.ts';
import type { FreshRegistry } from '../fresh-registry.ts';

export interface LeaseRequest {
  readonly slots?: number;
  readonly ttlMs?: number;
  readonly waitMs?: number;
  readonly preferences?: Preferences;
  readonly affinityKey?: string;
  readonly assumedDown?: readonly string[];
  readonly explain?: boolean;
  readonly dryRun?: AcquireRequest['dryRun'];
  readonly acceptsBlock?: boolean;
}

export function leaseRequest(overrides: LeaseRequest = {}): AcquireRequest {
  const { slots = 1, ttlMs = 30_000, waitMs = 0, preferences = {}, affinityKey = null, assumedDown = [] } = overrides;
  const { explain = false, dryRun = null, acceptsBlock = false } = overrides;
  const request = { taskType: null, location: null, preferences, slots, affinityKey, assumedDown };
  return { route: request, ttlMs, waitMs, explain, dryRun, acceptsBlock };
}

export async function acquireLease(registry: FreshRegistry, overrides: LeaseRequest = {}): Promise<Acquired> {
  const acquisition = await registry.api.acquire(leaseRequest(overrides));
  if (!acquisition.ok) throw new Error(acquisition.reason);
  return acquisition;
}

/** Requests a lease and returns the reason of its refusal, or null when it is granted. */
export async function refusalReason(registry: FreshRegistry, overrides: LeaseRequest = {}): Promise<string | null> {
  const acquisition = await registry.api.acquire(leaseRequest(overrides));
  return acquisition.ok ? null : acquisition.reason;
}

export const completionOf = (outcome: WorkOutcome = 'success'): Completion => ({
  outcome,
  latencyMs: null,
  error: null,
});

/** Registers a component that reports healthy by heartbeat. */
export async function registerHealthy(
  registry: FreshRegistry,
  capabilities: object = {},
  more: object = {},
): Promise<string> {
  const id = freshId();
  await registry.register(id, { healthCheck: undefined, heartbeat: { ttl: 600_000 }, capabilities, ...more });
  await registry.beat(id);
  return id;
}

export const listedLeases = async ({ api }: FreshRegistry): Promise<Lease[]> =>
  (await api.listLeases({ after: null, limit: 1_000, componentId: null })).items;

export const inFlightOf = async (registry: FreshRegistry, id: string): Promise<number> =>
  (await registry.read(id)).load.activeConnections;
