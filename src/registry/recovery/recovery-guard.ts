/**
 * The guard of recoveries: decides what prevents a recovery from beginning, and what holds back its next action.
 * Changes nothing, so that recoveries and previews share it.
 */
import type { ComponentRecord } from '../../core/component/component-record.ts';
import type { LifecycleState } from '../../core/component/lifecycle.ts';
import { hasFailedDependency } from '../../core/component/root-cause.ts';
import { cooldownUntil } from '../../core/failure/cooldown.ts';
import type { ActionHold, BeginObstacle } from '../../core/failure/recovery-preview.ts';
import type { Failure } from '../../core/result.ts';
import { fail } from '../../core/result.ts';
import { toIso } from '../../core/component/resource.ts';
import type { RegistryState } from '../state/registry-state.ts';

/** Recoveries leave components alone that an operator took out of service. */
const RECOVERABLE_STATES: readonly LifecycleState[] = ['active', 'standby'];
/** So many components that fail together may fail because of the coordinator: the number of self-doubt. */
const MANY = 3;
/** Least time that each of many must stay down before it is disrupted, ms. */
const MIN_CONFIRMATION_MS = 8_000;

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
  const until = cooldownUntil(recovery.cooldown);
  // An operator wants the drill now, whatever happened before.
  if (now < until && !recovery.drill)
    return fail('cooling-down', `a recovery ended recently; the next one begins after ${toIso(until)}`);
  return null;
}

/**
 * Returns what holds back an action of a component's recovery, apart from the slots of the guard; null if nothing does.
 * Disruptive actions (restarts and scalings) take capacity away. While the fault may be the coordinator's own, no
 * disruptive action is allowed. When many components fail together, each must stay down for a whole round of checks:
 * then every component has been checked, and self-doubt has judged.
 */
export function actionHold(
  state: RegistryState,
  record: ComponentRecord,
  disruptive: boolean,
  now: number,
): ActionHold | null {
  if (state.configFor(record.registration.id).recoveryFrozen) return 'frozen';
  if (!disruptive) return null;
  const { kind } = state.selfDoubt;
  if (kind === 'asking' || kind === 'doubting') return 'self-doubt';
  return failsWithMany(state, record, now) ? 'mass-failure' : null;
}

function failsWithMany(state: RegistryState, record: ComponentRecord, now: number): boolean {
  const confirmationMs = Math.max(MIN_CONFIRMATION_MS, state.intervalMs(record));
  const since = record.health.status === 'unhealthy' ? record.health.since : now;
  if (now - since >= confirmationMs) return false;
  let failing = 1;
  for (const { record: other } of state.members.values()) {
    const { status, consecutiveFailures } = other.health;
    const fell = status === 'unhealthy' ? other.health.since > since - confirmationMs : consecutiveFailures > 0;
    if (other !== record && fell && ++failing >= MANY) return true;
  }
  return false;
}
