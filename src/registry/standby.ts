import type { ComponentRecord } from '../core/component/component-record.ts';
import type { Member } from './member.ts';

/** A healthy standby that can do all that `failed` does. */
export function standbyFor(failed: ComponentRecord, members: ReadonlyMap<string, Member>): ComponentRecord | undefined {
  const wanted = failed.registration.capabilities.supportedTaskTypes;
  return Array.from(members.values(), (member) => member.record).find(
    ({ lifecycle, health, registration }) =>
      lifecycle.state === 'standby' &&
      health.status === 'healthy' &&
      registration.id !== failed.registration.id &&
      wanted.every((task) => registration.capabilities.supportedTaskTypes.includes(task)),
  );
}
