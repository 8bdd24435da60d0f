/** Forwards heartbeats to the registries of their components, with one call per component type. */
import type { AccessScope } from '../../core/access/permission.ts';
import { ownerFilter } from '../../core/access/permission.ts';
import type { Result } from '../../core/result.ts';
import { fail } from '../../core/result.ts';
import type { HeartbeatReceipt, HeartbeatResult } from '../../registry/contract/registry-api.ts';
import { registryOf } from '../../registry/contract/registry-api.ts';
import type { VisibleReason } from '../../edge/directory-cache.ts';
import { forgetType, hideOwner, typesOf } from '../../edge/directory-cache.ts';
import type { Heartbeat } from '../../core/vital/heartbeat.ts';

type ComponentHeartbeat = Heartbeat & { readonly id: string };
export type ForwardedHeartbeat = Result<
  HeartbeatReceipt,
  VisibleReason<Extract<HeartbeatResult, { ok: false }>['reason']>
>;

/** The caller: its access scope, and the id of its key. */
interface Sender {
  readonly scope: AccessScope;
  readonly keyId: string;
}

/** Returns one result per heartbeat, in order. A component outside the caller's scope is reported as unknown. */
export async function forwardHeartbeats(
  sender: Sender,
  heartbeats: readonly ComponentHeartbeat[],
): Promise<ForwardedHeartbeat[]> {
  const results = await sendAll(sender, heartbeats);
  return results.map((result) => (result.ok ? result : hideOwner(result)));
}

async function sendAll(sender: Sender, heartbeats: readonly ComponentHeartbeat[]): Promise<HeartbeatResult[]> {
  const results = await sendHeartbeats(sender, heartbeats);
  const misrouted = heartbeats.filter(
    ({ id }, at) => ownerFilter(sender.scope, id) !== undefined && isUnknown(results[at]) && forgetType(id),
  );
  if (misrouted.length === 0) return results;
  // The cached types of these components were outdated: look them up once more.
  const retried = await sendHeartbeats(sender, misrouted);
  const corrected = new Map(misrouted.map(({ id }, at) => [id, retried[at]!]));
  return heartbeats.map(({ id }, at) => corrected.get(id) ?? results[at]!);
}

async function sendHeartbeats(
  { scope, keyId }: Sender,
  heartbeats: readonly ComponentHeartbeat[],
): Promise<HeartbeatResult[]> {
  const owners = heartbeats.map(({ id }) => ownerFilter(scope, id));
  // Components outside the caller's scope are not looked up.
  const accessible = heartbeats.flatMap(({ id }, at) => (owners[at] === undefined ? [] : [id]));
  const found = await typesOf(accessible);
  const typeById = new Map(accessible.map((id, at) => [id, found[at] ?? null]));
  const types = heartbeats.map(({ id }) => typeById.get(id) ?? null);
  const byType = new Map<string, number[]>();
  types.forEach((type, at) => {
    if (type !== null && owners[at] !== undefined) byType.set(type, [...(byType.get(type) ?? []), at]);
  });
  const results: HeartbeatResult[] = heartbeats.map(({ id }) => fail('unknown-component', `${id} is not registered`));
  await Promise.all(
    Array.from(byType, async ([type, positions]) => {
      const sent = positions.map((at) => {
        const { id, status, load } = heartbeats[at]!;
        return { id, status, load, only: owners[at] ?? null, keyId };
      });
      const received = await registryOf(type).heartbeats(sent);
      positions.forEach((at, index) => {
        results[at] = received[index]!;
      });
    }),
  );
  return results;
}

const isUnknown = (result: HeartbeatResult | undefined): boolean =>
  result?.ok === false && result.reason === 'unknown-component';
