/** Hands heartbeats to the registries that hold their components: one call a type, however many there are. */
import type { AccessScope } from '../../core/access/permission.ts';
import { ownerFilter } from '../../core/access/permission.ts';
import type { ReportedLoad } from '../../core/component/load.ts';
import type { Result } from '../../core/result.ts';
import { fail } from '../../core/result.ts';
import type { HeartbeatReceipt, HeartbeatResult } from '../../registry/contract/registry-api.ts';
import { registryOf } from '../../registry/contract/registry-api.ts';
import type { VisibleReason } from '../../edge/directory-cache.ts';
import { forgetType, hideOwner, typesOf } from '../../edge/directory-cache.ts';
import type { Heartbeat } from '../schemas/component.ts';

type Beat = Heartbeat & { readonly id: string };
type Taken = Result<HeartbeatReceipt, VisibleReason<Extract<HeartbeatResult, { ok: false }>['reason']>>;

/** A result for each, in their order; what is out of the caller's reach is unknown. */
export async function forwardHeartbeats(reach: AccessScope, beats: readonly Beat[]): Promise<Taken[]> {
  const results = await sendAll(reach, beats);
  return results.map((result) => (result.ok ? result : hideOwner(result)));
}

async function sendAll(reach: AccessScope, beats: readonly Beat[]): Promise<HeartbeatResult[]> {
  const results = await sendHeartbeats(reach, beats);
  const missed = beats.filter(
    ({ id }, at) => ownerFilter(reach, id) !== undefined && isUnknown(results[at]) && forgetType(id),
  );
  if (missed.length === 0) return results;
  // Their types were remembered and are out of date: looked up once more.
  const again = await sendHeartbeats(reach, missed);
  const corrected = new Map(missed.map(({ id }, at) => [id, again[at]!]));
  return beats.map(({ id }, at) => corrected.get(id) ?? results[at]!);
}

async function sendHeartbeats(reach: AccessScope, beats: readonly Beat[]): Promise<HeartbeatResult[]> {
  const owners = beats.map(({ id }) => ownerFilter(reach, id));
  // What is out of reach is not even looked up.
  const within = beats.flatMap(({ id }, at) => (owners[at] === undefined ? [] : [id]));
  const found = await typesOf(within);
  const typeById = new Map(within.map((id, at) => [id, found[at] ?? null]));
  const types = beats.map(({ id }) => typeById.get(id) ?? null);
  const byType = new Map<string, number[]>();
  types.forEach((type, at) => {
    if (type !== null && owners[at] !== undefined) byType.set(type, [...(byType.get(type) ?? []), at]);
  });
  const results: HeartbeatResult[] = beats.map(({ id }) => fail('unknown-component', `${id} is not registered`));
  await Promise.all(
    Array.from(byType, async ([type, positions]) => {
      const sent = positions.map((at) => {
        const { id, status, load } = beats[at]!;
        return { id, status, load: toLoad(load), only: owners[at] ?? null };
      });
      const answers = await registryOf(type).heartbeats(sent);
      positions.forEach((at, index) => {
        results[at] = answers[index]!;
      });
    }),
  );
  return results;
}

const isUnknown = (result: HeartbeatResult | undefined): boolean =>
  result?.ok === false && result.reason === 'unknown-component';

const toLoad = (load: Heartbeat['load']): ReportedLoad | null =>
  load ? { ...load, loadPercentage: load.loadPercentage ?? null } : null;
