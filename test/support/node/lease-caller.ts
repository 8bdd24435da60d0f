/**
 * Caller that acquires leases, works briefly under each, and completes it, renews it, completes it twice, or abandons
 * it. Records its leases and every unexpected response.
 */
import { setTimeout as after } from 'node:timers/promises';
import type { CoordinatorClient } from '../../../src/client/coordinator-client.ts';
import { CoordinatorError } from '../../../src/client/coordinator-error.ts';
import type { LeaseRecord } from './lease-record.ts';

interface Caller {
  readonly client: CoordinatorClient;
  /** Name of the key in the record. */
  readonly key: string;
  readonly type: string;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** Shortest possible ttl. */
const TTL_MS = 1_000;
const REFUSALS: readonly string[] = ['at-capacity', 'lease-quota'];

interface Lease {
  readonly id: string;
  readonly expiresAt: number;
}

export async function requestLeases(caller: Caller, record: LeaseRecord, goesOn: () => boolean): Promise<void> {
  while (goesOn()) await oneLease(caller, record);
}

async function oneLease({ client, key, type, random }: Caller, record: LeaseRecord): Promise<void> {
  const slots = random() < 0.1 ? 2 : 1;
  const isForgotten = random() < 0.02;
  const waitMs = random() < 0.8 ? 20_000 : 0;
  const requestedAt = Date.now();
  record.count('requested');
  try {
    const ttlMs = isForgotten ? TTL_MS : 30_000;
    const { component, lease } = await client.route({ type, lease: { ttlMs, slots, waitMs } });
    const from = Date.now();
    record.count('granted');
    if (waitMs > 0) record.waits.push(from - requestedAt);
    const granted = { id: lease!.id, expiresAt: Date.parse(lease!.expiresAt) };
    const to = await (isForgotten ? forget(client, granted, record) : work(client, granted, record, random));
    record.holdings.push({ componentId: component.id, key, type, slots, from, to });
  } catch (error) {
    await refused(error, record);
  }
}

/** Returns the time just before the completion, when no other caller can have the slot. */
async function work(client: CoordinatorClient, { id }: Lease, record: LeaseRecord, random: () => number) {
  await after(random() * 15);
  if (random() < 0.1) {
    await client.renew(id, { ttlMs: 20_000 });
    record.count('renewed');
  }
  const to = Date.now();
  const first = await client.complete(id, { outcome: 'success', latencyMs: 10 });
  record.count('completed');
  if (random() < 0.1) {
    const again = await client.complete(id, { outcome: 'failure' });
    record.count('completed again');
    if (again.outcome !== first.outcome || again.componentId !== first.componentId)
      record.count('wrong: another result');
  }
  return to;
}

async function forget(client: CoordinatorClient, { id, expiresAt }: Lease, record: LeaseRecord): Promise<number> {
  await after(Math.max(0, expiresAt - Date.now()) + 50);
  record.count('expired');
  await client.complete(id, { outcome: 'success' }).then(
    () => record.count('wrong: completed after its end'),
    (error: unknown) => {
      if (!(error instanceof CoordinatorError && error.code === 'lease-ended')) throw error;
    },
  );
  return expiresAt;
}

/** A refusal must state when to retry, within bounds. */
async function refused(error: unknown, record: LeaseRecord): Promise<void> {
  if (!(error instanceof CoordinatorError) || !REFUSALS.includes(error.code)) {
    record.count(`wrong: ${error instanceof CoordinatorError ? error.code : String(error)}`);
    return;
  }
  record.count(`refused ${error.code}`);
  const retryMs = error.retryAfterMs ?? 0;
  if (retryMs < 1_000 || retryMs > 30_000) record.count(`wrong: retry after ${retryMs}`);
  await after(20);
}
