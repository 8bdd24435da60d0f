/** When a drill may not begin: it must never do harm, nor be mistaken for what it rehearses. */
import type { ComponentRecord } from '../component/component-record.ts';
import { isSettled } from '../component/lifecycle.ts';
import { hasFailedDependency } from '../component/root-cause.ts';
import type { SelfDoubtKind } from '../health/self-doubt.ts';
import type { Failure } from '../result.ts';
import { fail } from '../result.ts';

export type DrillRefusal =
  | 'no-health-check'
  | 'component-not-healthy'
  | 'drill-running'
  | 'self-doubt'
  | 'capacity-at-risk';

export interface DrillScene {
  readonly record: ComponentRecord;
  /** The others of its type. */
  readonly others: readonly ComponentRecord[];
  readonly isRoutable: (record: ComponentRecord) => boolean;
  readonly doubt: SelfDoubtKind;
}

export function refuseDrill({ record, others, isRoutable, doubt }: DrillScene): Failure<DrillRefusal> | null {
  const { registration, health, lifecycle, recovery, shadow } = record;
  const { id, type } = registration;
  if (!registration.healthCheck)
    return fail('no-health-check', `${id} registered no healthCheck: there is no result to inject into`);
  const running = [record, ...others].find((each) => each.recovery.drill)?.recovery.drill;
  if (running) return fail('drill-running', `drill ${running.id} of this type is not over`);
  if (doubt !== 'sure')
    return fail('self-doubt', `most of ${type} seems to fail: what is seen of it is not believed, or just was not`);
  const isWell = health.status === 'healthy' && !health.suspect && isSettled(lifecycle);
  if (!isWell || recovery.active || hasFailedDependency(shadow))
    return fail(
      'component-not-healthy',
      `${id} is not healthy and in service, without a recovery or a failed dependency`,
    );
  if (lifecycle.state === 'standby') return null;
  const leaves = others.some((other) => isRoutable(other) && isUp(other)) || others.some(isReadyStandby);
  return leaves ? null : fail('capacity-at-risk', `nobody else of ${type} could take the work of ${id}`);
}

const isUp = ({ health }: ComponentRecord): boolean => !health.suspect && health.status === 'healthy';

const isReadyStandby = (record: ComponentRecord): boolean => record.lifecycle.state === 'standby' && isUp(record);
