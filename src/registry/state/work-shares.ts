/** Shares of the type's work among the members of a registry, from their records. */
import type { BalancingSettings } from '../../core/balancing/balancing-settings.ts';
import { whyNotRoutable } from '../../core/balancing/candidate.ts';
import { DRAW_BASIS } from '../../core/balancing/policies/draw-basis.ts';
import type { Capacities, Shareholder } from '../../core/balancing/shares.ts';
import { sharesAmong } from '../../core/balancing/shares.ts';
import type { ComponentRecord } from '../../core/component/component-record.ts';
import { estimatedInFlight, knownInFlight } from '../../core/component/load.ts';
import type { Member } from './member.ts';

interface SharedWork {
  readonly members: ReadonlyMap<string, Member>;
  readonly balancing: BalancingSettings;
}

/** Returns the share of a record as of `now`. `changed` replaces the record in memory. */
export function shareView(
  { members, balancing }: SharedWork,
  now: number,
  changed?: ComponentRecord,
): (record: ComponentRecord) => number {
  const records = recordsOf(members, changed);
  const holderOf = shareholders(records, balancing);
  const withLoad = (record: ComponentRecord): Shareholder => ({
    ...holderOf(record),
    fullBy: fullBy(record, balancing, now),
  });
  const shareOf = sharesAmong(records.map(withLoad), balancing);
  return (record) => shareOf(withLoad(record));
}

/** Capacities of all members that would get work if none was full; 0 for the others. */
export function servingCapacities({ members, balancing }: SharedWork): Capacities {
  const records = recordsOf(members);
  const holderOf = shareholders(records, balancing);
  const shareOf = sharesAmong(records.map(holderOf), balancing);
  return new Map(
    records.map((record) => {
      const holder = holderOf(record);
      return [record.registration.id, shareOf(holder) === 0 ? 0 : holder.capacity];
    }),
  );
}

const recordsOf = (members: SharedWork['members'], changed?: ComponentRecord): ComponentRecord[] => {
  const records = Array.from(members.values(), ({ record }) => record).filter(
    ({ registration }) => registration.id !== changed?.registration.id,
  );
  return changed ? [...records, changed] : records;
};

/** Like the candidate pool: a component without a limit counts with the mean limit. */
function shareholders(
  records: readonly ComponentRecord[],
  { policy }: BalancingSettings,
): (record: ComponentRecord) => Shareholder {
  let [sum, declared] = [0, 0];
  for (const { registration } of records) {
    const limit = registration.capabilities.maxConcurrentTasks;
    if (limit === undefined) continue;
    sum += limit;
    declared += 1;
  }
  const meanLimit = declared === 0 ? 1 : sum / declared;
  const isEven = DRAW_BASIS[policy] === 'even';
  return ({ registration, lifecycle, health }) => {
    const { weight, capabilities } = registration;
    const rule = whyNotRoutable({ lifecycle: lifecycle.state, weight, status: health.status });
    const isSuspect = health.status !== 'healthy' || health.suspect || health.ejection.until !== null;
    const tier = rule === null ? (isSuspect ? 'suspect' : 'healthy') : null;
    return {
      tier: rule === 'unknown' || rule === 'unhealthy' ? 'active' : tier,
      capacity: isEven ? 1 : weight * (capabilities.maxConcurrentTasks ?? meanLimit),
      fullBy: null,
    };
  };
}

function fullBy(
  { registration, load }: ComponentRecord,
  { assumedTaskMs }: BalancingSettings,
  now: number,
): Shareholder['fullBy'] {
  const limit = registration.capabilities.maxConcurrentTasks ?? Infinity;
  const known = knownInFlight(load);
  if (known + 1 > limit) return 'known';
  return known + estimatedInFlight(load, { assumedTaskMs, now }) + 1 > limit ? 'estimate' : null;
}
