/**
 * What keeps a recovery from beginning, and what holds its next action back. Asked by the recovery that is about
 * to, and by whoever only wants to know.
 */
import type { ComponentRecord } from '../../core/component/component-record.ts';
import type { LifecycleState } from '../../core/component/lifecycle.ts';
import { hasFailedDependency } from '../../core/component/root-cause.ts';
import type { ActionHold, BeginObstacle } from '../../core/failure/recovery-preview.ts';
import type { Failure } from '../../core/result.ts';
import { fail } from '../../core/result.ts';
import type { RegistryState } from '../state/registry-state.ts';

/** What people took out of service on purpose is left alone. */
const RECOVERED_STATES: readonly LifecycleState[] = ['active', 'standby'];

/** Why none begins for what failed at `occurredAt`, epoch ms; null when one may. */
export function beginObstacle(
  { recovery, registeredAt, lifecycle, shadow }: ComponentRecord,
  occurredAt: number,
  now: number,
): Failure<BeginObstacle> | null {
  if (occurredAt < registeredAt) return fail('superseded', 'the component was registered anew since');
  if (occurredAt <= recovery.settledUntil) return fail('superseded', 'an earlier recovery settled this failure');
  if (!RECOVERED_STATES.includes(lifecycle.state)) return fail('not-in-service', `the component is ${lifecycle.state}`);
  // Of what only suffers from a dependency nothing is done: the dependency is where to act, and what to alert of.
  if (hasFailedDependency(shadow)) return fail('shadowed', `it depends on ${shadow.rootCause.join(', ')}`);
  if (now < recovery.notBefore) return fail('cooling-down', 'recoveries failed before, the next may begin later');
  return null;
}

/** The most components of the type that may be restarted or scaled at once. */
const disruptedAtMost = ({ doubt, members }: RegistryState): number =>
  doubt.kind === 'unwitnessed' ? 1 : Math.max(1, Math.floor(members.size / 3));

/**
 * What holds an action of a component's recovery back. Restarting and scaling take capacity away: no more than a third of the type (at
 * least one) at once, so that a cure never takes a type down; one at a time where most have failed and nobody
 * can say whose fault it is; nobody for a fault that may be ours.
 */
export function actionHold(state: RegistryState, id: string, disruptive: boolean): ActionHold | null {
  if (state.configFor(id).recoveryFrozen) return 'frozen';
  if (!disruptive) return null;
  const { kind } = state.doubt;
  if (kind === 'asking' || kind === 'doubting') return 'self-doubt';
  let disrupted = 0;
  for (const { record } of state.members.values()) if (record.recovery.active?.disruptive) disrupted++;
  return disrupted >= disruptedAtMost(state) ? 'too-many' : null;
}
