/**
 * The guard of recoveries: decides what prevents a recovery from beginning, and what holds back its next action.
 * Changes nothing, so that recoveries and previews share it.
 */
import type { ComponentRecord } from '../../core/component/component-record.ts';
import type { LifecycleState } from '../../core/component/lifecycle.ts';
import { hasFailedDependency } from '../../core/component/root-cause.ts';
import type { ActionHold, BeginObstacle } from '../../core/failure/recovery-preview.ts';
import type { Failure } from '../../core/result.ts';
import { fail } from '../../core/result.ts';
import type { RegistryState } from '../state/registry-state.ts';

/** Recoveries leave components alone that an operator took out of service. */
const RECOVERABLE_STATES: readonly LifecycleState[] = ['active', 'standby'];

/** Returns why no recovery may begin for a failure at `occurredAt` (epoch ms); null if one may. */
export function beginObstacle(
  { recovery, registeredAt, lifecycle, dependencyState: rootCause }: ComponentRecord,
  occurredAt: number,
  now: number,
): Failure<BeginObstacle> | null {
  if (occurredAt < registeredAt) return fail('superseded', 'the component has been registered again since');
  if (occurredAt <= recovery.settledUntil) return fail('superseded', 'an earlier recovery settled this failure');
  if (!RECOVERABLE_STATES.includes(lifecycle.state))
    return fail('not-in-service', `the component is ${lifecycle.state}`);
  // The failed dependency is the place to act and to alert; an action on its dependant would not help.
  if (hasFailedDependency(rootCause))
    return fail('dependency-failed', `failed dependencies: ${rootCause.rootCause.join(', ')}`);
  if (now < recovery.notBefore)
    return fail('cooling-down', 'earlier recoveries failed; the next one may begin after the cooldown');
  return null;
}

/** Maximum number of components of the type that may be restarted or scaled at once. */
const maxDisrupted = ({ selfDoubt, members }: RegistryState): number =>
  selfDoubt.kind === 'unwitnessed' ? 1 : Math.max(1, Math.floor(members.size / 3));

/**
 * Returns what holds back an action of a component's recovery; null if nothing does. Disruptive actions (restarts and
 * scalings) take capacity away. At most a third of the type, but at least one component, is disrupted at once, so that
 * recoveries never take a type down. While most of the type has failed and no canary can explain it, the limit is one.
 * While the fault may be the coordinator's own, no disruptive action is allowed.
 */
export function actionHold(state: RegistryState, id: string, disruptive: boolean): ActionHold | null {
  if (state.configFor(id).recoveryFrozen) return 'frozen';
  if (!disruptive) return null;
  const { kind } = state.selfDoubt;
  if (kind === 'asking' || kind === 'doubting') return 'self-doubt';
  let disrupted = 0;
  for (const { record } of state.members.values()) if (record.recovery.active?.disruptive) disrupted++;
  return disrupted >= maxDisrupted(state) ? 'too-many' : null;
}
