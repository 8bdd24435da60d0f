import type { ComponentRecord } from '../../core/component/component-record.ts';
import type { Member } from '../state/member.ts';

const typicalMs = ({ health }: ComponentRecord): number => health.ewmaResponseTimeMs ?? Infinity;

/**
 * Returns the best healthy standby that supports every task type of `failed`. Prefers components that are not suspect,
 * then the same location, then the shortest typical response time.
 */
export function selectStandby(
  failed: ComponentRecord,
  members: ReadonlyMap<string, Member>,
): ComponentRecord | undefined {
  const { id, capabilities, metadata } = failed.registration;
  const eligible = Array.from(members.values(), (member) => member.record).filter(
    ({ lifecycle, health, registration }) =>
      lifecycle.state === 'standby' &&
      health.status === 'healthy' &&
      registration.id !== id &&
      capabilities.supportedTaskTypes.every((task) => registration.capabilities.supportedTaskTypes.includes(task)),
  );
  const isElsewhere = ({ registration }: ComponentRecord) => registration.metadata['location'] !== metadata['location'];
  const isWorse = (a: ComponentRecord, b: ComponentRecord): boolean => {
    if (a.health.suspect !== b.health.suspect) return a.health.suspect;
    return isElsewhere(a) === isElsewhere(b) ? typicalMs(a) > typicalMs(b) : isElsewhere(a);
  };
  return eligible.reduce<ComponentRecord | undefined>(
    (best, each) => (best === undefined || isWorse(best, each) ? each : best),
    undefined,
  );
}
