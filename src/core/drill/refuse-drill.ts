/**
 * Preconditions of a drill. A drill must never reduce capacity to zero, nor be confused with a real failure.
 */
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

export interface DrillContext {
  readonly record: ComponentRecord;
  /** The other components of the type. */
  readonly others: readonly ComponentRecord[];
  readonly isRoutable: (record: ComponentRecord) => boolean;
  readonly selfDoubt: SelfDoubtKind;
}

export function refuseDrill({ record, others, isRoutable, selfDoubt }: DrillContext): Failure<DrillRefusal> | null {
  const { registration, health, lifecycle, recovery } = record;
  const { id, type } = registration;
  if (!registration.healthCheck)
    return fail('no-health-check', `${id} registered no healthCheck: there is no result to inject into`);
  const running = [record, ...others].find((each) => each.recovery.drill)?.recovery.drill;
  if (running) return fail('drill-running', `drill ${running.id} of this type is still running`);
  if (selfDoubt !== 'sure')
    return fail(
      'self-doubt',
      `most of ${type} seems to fail: check results are in doubt, or were in doubt a moment ago`,
    );
  const isWell = health.status === 'healthy' && !health.suspect && isSettled(lifecycle);
  if (!isWell || recovery.active || hasFailedDependency(record.dependencyState))
    return fail(
      'component-not-healthy',
      `${id} must be healthy and in service, without a running recovery and without a failed dependency`,
    );
  if (lifecycle.state === 'standby') return null;
  const hasReplacement = others.some((other) => isRoutable(other) && isUp(other)) || others.some(isReadyStandby);
  return hasReplacement
    ? null
    : fail('capacity-at-risk', `no other component of ${type} could take over the work of ${id}`);
}

const isUp = ({ health }: ComponentRecord): boolean => !health.suspect && health.status === 'healthy';

const isReadyStandby = (record: ComponentRecord): boolean => record.lifecycle.state === 'standby' && isUp(record);
