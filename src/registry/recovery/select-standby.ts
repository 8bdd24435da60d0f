import type { ComponentRecord } from '../../core/component/component-record.ts';
import type { Member } from '../state/member.ts';

const usualMs = ({ health }: ComponentRecord): number => health.usualResponseTimeMs ?? Infinity;

/**
 * The best healthy standby that can do all that `failed` does: undoubted before doubted, at the same location before
 * elsewhere, then the one that usually answers quickest.
 */
export function selectStandby(
  failed: ComponentRecord,
  members: ReadonlyMap<string, Member>,
): ComponentRecord | undefined {
  const { id, capabilities, metadata } = failed.registration;
  const fitting = Array.from(members.values(), (member) => member.record).filter(
    ({ lifecycle, health, registration }) =>
      lifecycle.state === 'standby' &&
      health.status === 'healthy' &&
      registration.id !== id &&
      capabilities.supportedTaskTypes.every((task) => registration.capabilities.supportedTaskTypes.includes(task)),
  );
  const isElsewhere = ({ registration }: ComponentRecord) => registration.metadata['location'] !== metadata['location'];
  const worse = (a: ComponentRecord, b: ComponentRecord): boolean => {
    if (a.health.suspect !== b.health.suspect) return a.health.suspect;
    return isElsewhere(a) === isElsewhere(b) ? usualMs(a) > usualMs(b) : isElsewhere(a);
  };
  return fitting.reduce<ComponentRecord | undefined>(
    (best, each) => (best === undefined || worse(best, each) ? each : best),
    undefined,
  );
}
