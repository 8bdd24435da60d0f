/**
 * The recoveries of a type: begins them, notes what they do, and ends them. `ActionPermissions` permits their actions,
 * and `Verifications` counts their proof.
 *
 * Invariant: a component has at most one running recovery.
 * Invariant: everything that a workflow waits for is written to the outbox first.
 */
import type { Actor } from '../../core/access/actor.ts';
import type { AuditNote } from '../../core/access/audit-entry.ts';
import type {
  ActiveRecovery,
  ComponentRecord,
  RecoveryOutcome,
  RecoveryState,
} from '../../core/component/component-record.ts';
import { withActive } from '../../core/component/component-record.ts';
import type { ControlAction } from '../../core/component/control-action.ts';
import { controlActionsOf } from '../../core/component/control-route.ts';
import { cooldownUntil, nextCooldown } from '../../core/failure/cooldown.ts';
import type { RecoveryCause, RecoveryOrder, RecoveryTrigger } from '../../core/failure/failure-manager-api.ts';
import { OPERATOR_REQUEST } from '../../core/failure/failure-manager-api.ts';
import { countFailures, hasGoodChecks } from '../../core/failure/failure-count.ts';
import type { RecoveryFacts } from '../../core/failure/recovery-plan.ts';
import type { RecoveryConditions } from '../../core/failure/recovery-preview.ts';
import type { RecoveryPolicy } from '../../core/failure/recovery-policy.ts';
import type { RecoveryWork } from '../../core/failure/recovery-work.ts';
import { endDrill } from '../../core/drill/drill.ts';
import { hasFailedDependency } from '../../core/component/root-cause.ts';
import { toIso } from '../../core/component/resource.ts';
import type { FailureSource } from '../../core/health/observe-health.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import { drillEndedDraft } from './drill-events.ts';
import { componentEventDraft } from '../state/component-events.ts';
import type { Member } from '../state/member.ts';
import type { RegistryApi } from '../contract/registry-api.ts';
import type { RecoveryTarget } from '../contract/recovery-api.ts';
import { actionHold, beginObstacle } from './recovery-guard.ts';
import { recoveryEndedDraft } from './recovery-ended.ts';
import { signalDraft } from './recovery-signals.ts';
import { RecoverySlots, hasProvenNeed } from './recovery-slots.ts';
import type { Change, RegistryState } from '../state/registry-state.ts';
import type { OutboxDraft } from '../storage/registry-store.ts';
import { selectStandby } from './select-standby.ts';

/** Input of a new recovery. */
interface RecoveryStart {
  readonly cause: {
    readonly failureType: RecoveryTrigger;
    readonly failureId: string;
    readonly reason: string;
    /** Absent for an operator's request. */
    readonly source?: FailureSource;
  };
  /** Set if an operator requested the recovery, which then counts as disruptive from the start. */
  readonly requestedAction?: ControlAction;
  readonly auditNoteFor?: (order: RecoveryOrder) => AuditNote | null;
  /** Returns further changes for the same commit. */
  readonly alsoStore?: (order: RecoveryOrder) => Pick<Change, 'outbox' | 'requestedAction'>;
}

export class Recoveries {
  readonly slots: RecoverySlots;
  private readonly state: RegistryState;

  constructor(state: RegistryState) {
    this.state = state;
    this.slots = new RecoverySlots(state);
  }

  /** Begins the recovery for a failure. A cooldown defers it: `beginDeferred` begins it afterwards. */
  async begin(
    id: string,
    cause: RecoveryCause,
    clock: () => number,
    alsoStore?: RecoveryStart['alsoStore'],
  ): ReturnType<RegistryApi['beginRecovery']> {
    for (;;) {
      const member = this.state.members.get(id);
      if (!member) return fail('unknown-component', `${id} is not registered`);
      const { record } = member;
      const { recovery } = record;
      if (recovery.active) return ok({ order: recovery.active.order, started: false });
      const obstacle = beginObstacle(record, cause.occurredAt, clock());
      if (obstacle?.reason === 'cooling-down') this.defer(record, cause, clock());
      if (obstacle) return obstacle;
      const generation = recovery.generation + 1;
      const recoveryId = await recoveryIdOf(id, record.generation, generation);
      // Another recovery may have begun while this call waited for the digest.
      if (this.state.members.get(id) !== member || member.record.recovery !== recovery) continue;
      const start = { cause, ...(alsoStore && { alsoStore }) };
      return ok({ order: this.start(member, { recoveryId, generation }, start, clock()), started: true });
    }
  }

  /** Begins the recoveries that a cooldown held back until now. Returns true if the outbox has new rows. */
  async beginDeferred(now: number): Promise<boolean> {
    let begun = false;
    for (const member of this.state.due(now)) {
      const { record } = member;
      const { deferred, cooldown, active } = record.recovery;
      if (!deferred || active || now < cooldownUntil(cooldown)) continue;
      // Cleared first: what another obstacle refuses must not be due again and again.
      this.saveDeferred(record, null, now);
      const wakeUp = (order: RecoveryOrder) => ({ outbox: [wakeUpDraft(`start:${order.recoveryId}`, order)] });
      const result = await this.begin(record.registration.id, deferred, () => now, wakeUp);
      begun ||= result.ok;
    }
    return begun;
  }

  /** Remembers the first failure of a dead component that the cooldown holds back. */
  private defer(record: ComponentRecord, cause: RecoveryCause, now: number): void {
    const isDead = record.health.status === 'unhealthy';
    if (isDead && !record.recovery.deferred) this.saveDeferred(record, cause, now);
  }

  private saveDeferred(record: ComponentRecord, deferred: RecoveryCause | null, now: number): void {
    this.state.commit({ records: [{ ...record, recovery: { ...record.recovery, deferred } }], visible: false }, now);
  }

  /** The running recovery with this id, and its member. */
  find(id: string, recoveryId: string): { member: Member; active: ActiveRecovery } | undefined {
    const member = this.state.members.get(id);
    const active = member?.record.recovery.active;
    return member && active?.order.recoveryId === recoveryId ? { member, active } : undefined;
  }

  /** Returns what a recovery plans with. The workflow stores the result, so it contains no secret. */
  target(id: string, recoveryId: string): Result<RecoveryTarget, 'not-recovering'> {
    const found = this.find(id, recoveryId);
    if (!found) return fail('not-recovering', `${id} is not in recovery ${recoveryId}`);
    const { record } = found.member;
    return ok({
      name: record.registration.name,
      facts: this.facts(record),
      policy: this.policyOf(found.active.order),
    });
  }

  /** Returns what a recovery would plan with if the component failed now. */
  conditions(record: ComponentRecord, now: number): RecoveryConditions {
    const { id } = record.registration;
    const config = this.state.configFor(id);
    const { active, cooldown } = record.recovery;
    const { recentFailures } = countFailures(record, config, now);
    const disruptive = actionHold(this.state, record, true, now);
    // A failure at this moment must be later than every settled one.
    const obstacle = beginObstacle(record, Math.max(now, record.recovery.settledUntil + 1), now);
    return {
      componentType: this.state.type,
      recentFailures,
      threshold: { failureThreshold: config.failureThreshold, failureWindow: config.failureWindow },
      recoveryId: active?.order.recoveryId ?? null,
      obstacle: obstacle && { reason: obstacle.reason, message: obstacle.message },
      holds: {
        disruptive: disruptive ?? (this.slots.isFree(now) ? null : 'too-many'),
        other: actionHold(this.state, record, false, now),
      },
      guard: this.slots.place(now),
      now,
      facts: this.facts(record),
      policies: config.recovery,
      cooldown: cooldown ?? null,
    };
  }

  /** Returns which recovery actions are possible for the component now. */
  facts(record: ComponentRecord): RecoveryFacts {
    const { registration, lifecycle } = record;
    return {
      controlActions: controlActionsOf(registration, this.state.config.controller),
      hasStandby: lifecycle.state === 'active' && selectStandby(record, this.state.members) !== undefined,
      autoScalingEnabled: this.state.configFor(registration.id).autoScalingEnabled,
    };
  }

  /**
   * Notes that the recovery may take capacity away, or did so just now. Its slot of the guard is in use from here on.
   */
  noteDisruption(id: string, recoveryId: string, now: number): void {
    const found = this.find(id, recoveryId);
    if (!found) return;
    const { record } = found.member;
    const isProven = record.recovery.active?.disruptive
      ? (record.recovery.disruption?.isProven ?? true)
      : hasProvenNeed(record);
    const recovery = { ...record.recovery, disruption: { at: now, isProven } };
    this.saveActive({ ...record, recovery }, { ...found.active, disruptive: true }, [], now);
  }

  /** Ends a recovery before its next action, and signals a waiting workflow at once. Idempotent. */
  cancel(id: string, recoveryId: string, actor: Actor | null, now: number): boolean {
    const found = this.find(id, recoveryId);
    if (!found) return this.endedOutcome(id, recoveryId) === 'cancelled';
    if (found.active.cancelled) return true;
    const { record } = found.member;
    const audit = actor && cancelNote(actor, found.active.order);
    const context = { ...this.state.draftContext(record, now), newId: () => `${recoveryId}:cancel`, audit };
    const event = componentEventDraft('recovery.cancel-requested', record, { recoveryId }, context);
    this.saveActive(record, { ...found.active, cancelled: true }, [event, ...this.abandon(record, 'cancelled')], now);
    return true;
  }

  /**
   * Ends a recovery and returns its outcome. A recovery that was cancelled, or that no action could help because of a
   * failed dependency, does not end as failed.
   */
  end(
    id: string,
    recoveryId: string,
    { outcome: requested, work }: { readonly outcome: RecoveryOutcome; readonly work: RecoveryWork },
    now: number,
  ): RecoveryOutcome {
    const found = this.find(id, recoveryId);
    if (!found) return this.endedOutcome(id, recoveryId) ?? requested;
    const { record } = found.member;
    const outcome = outcomeOf(found.active, record, requested);
    const { order } = found.active;
    const endedDraft = (next: ComponentRecord): OutboxDraft =>
      recoveryEndedDraft(next, order, outcome, work, this.state.draftContext(next, now));
    // A drill proves nothing about real recoveries, so it leaves the count of failed ones unchanged.
    if (order.drillId) return this.endDrillRecovery(record, { recoveryId, outcome }, endedDraft, now);
    this.slots.leave(recoveryId);
    const lastEnded = { recoveryId, outcome };
    const recovery = {
      ...record.recovery,
      ...this.settledBy(found.active, record, outcome, now),
      active: null,
      lastEnded,
    };
    this.state.commit({ records: [{ ...record, recovery }], outbox: [endedDraft(record)], visible: false }, now);
    return outcome;
  }

  /** Fields of a recovery state that the end of a recovery changes for the next one. */
  private settledBy(
    { order, disruptive }: ActiveRecovery,
    { recovery }: ComponentRecord,
    outcome: RecoveryOutcome,
    now: number,
  ): Partial<RecoveryState> {
    const works = hasRecovered(outcome);
    // A failed request of an operator says nothing about failures, and must not delay the recovery that they require.
    if (order.requestedAction && !works) return {};
    const settled = { settledUntil: now, deferred: null, ...(works ? { disruption: null } : {}) };
    if (order.requestedAction) return { ...settled, cooldown: null };
    const isCancelled = outcome === 'cancelled';
    if (outcome === 'suppressed' || (isCancelled && !disruptive)) return settled;
    const ended = { startedAt: order.startedAt, acted: outcome !== 'not-needed', works: works || isCancelled };
    return { ...settled, cooldown: nextCooldown(recovery.cooldown, ended, this.policyOf(order), now) };
  }

  private endDrillRecovery(
    record: ComponentRecord,
    lastEnded: { readonly recoveryId: string; readonly outcome: RecoveryOutcome },
    endedDraft: (next: ComponentRecord) => OutboxDraft,
    now: number,
  ): RecoveryOutcome {
    const { outcome } = lastEnded;
    const disruption = hasRecovered(outcome) ? null : record.recovery.disruption;
    const recovery = { ...record.recovery, active: null, lastEnded, settledUntil: now, disruption };
    const drillOutcome = hasRecovered(outcome) ? 'proven' : outcome === 'suppressed' ? 'cancelled' : outcome;
    const end = endDrill({ ...record, recovery }, drillOutcome, now);
    const next = end?.record ?? { ...record, recovery };
    const drillEnded = end ? [drillEndedDraft(next, end.drill, this.state.draftContext(next, now))] : [];
    const outbox = [endedDraft(next), ...drillEnded];
    this.state.commit({ records: [next], drills: end ? [end.drill] : [], outbox, visible: end !== null }, now);
    return outcome;
  }

  /** An operator's request has its own plan. Of the policy it uses only the cooldown, which a success clears. */
  private policyOf({ componentId, failureType }: RecoveryOrder): RecoveryPolicy {
    return this.state.configFor(componentId).recovery[
      failureType === OPERATOR_REQUEST ? 'internal_error' : failureType
    ];
  }

  private endedOutcome(id: string, recoveryId: string): RecoveryOutcome | undefined {
    const ended = this.state.members.get(id)?.record.recovery.lastEnded;
    return ended?.recoveryId === recoveryId ? ended.outcome : undefined;
  }

  /** Returns the signal that the running recovery is no longer needed; empty if no recovery runs. */
  abandon(record: ComponentRecord, outcome: 'cancelled' | 'removed'): OutboxDraft[] {
    const { active } = record.recovery;
    // The signal must reach the workflow at whatever position it waits.
    return active ? [signalDraft(record, active, active.verification?.position ?? 0, outcome)] : [];
  }

  saveActive(record: ComponentRecord, active: ActiveRecovery, outbox: OutboxDraft[], now: number): void {
    this.state.commit({ records: [withActive(record, active)], outbox, visible: false }, now);
  }

  /** Returns a wake-up for each running recovery's workflow, which may sleep or may never have been started. */
  wakeUps(): OutboxDraft[] {
    return Array.from(this.state.members.values()).flatMap(({ record }): OutboxDraft[] => {
      const order = record.recovery.active?.order;
      if (!order) return [];
      return [wakeUpDraft(`nudge:${order.recoveryId}`, order)];
    });
  }

  /** Begins a recovery and commits it as the running one. */
  start(
    { record }: Member,
    { recoveryId, generation }: { recoveryId: string; generation: number },
    { cause, requestedAction, auditNoteFor, alsoStore }: RecoveryStart,
    now: number,
  ): RecoveryOrder {
    const isRequested = requestedAction !== undefined;
    const drill = requestedAction ? null : (record.recovery.drill ?? null);
    const order: RecoveryOrder = {
      recoveryId,
      componentId: record.registration.id,
      componentType: record.registration.type,
      failureType: cause.failureType,
      failureId: cause.failureId,
      reason: cause.reason,
      ...(requestedAction ? { requestedAction } : {}),
      startedAt: now,
      deadline: drill?.until ?? now + this.state.configFor(record.registration.id).recoveryTimeout,
      drillId: drill?.id ?? null,
      dryRun: drill !== null && !drill.execute,
    };
    const recovery = {
      ...record.recovery,
      generation,
      deferred: null,
      drill: drill && { ...drill, recoveryId, recoveryStartedAt: now },
      ...(isRequested ? { disruption: { at: now, isProven: hasProvenNeed(record) } } : {}),
      active: {
        order,
        disruptive: isRequested,
        checksPassed: cause.source === 'report' && hasGoodChecks(record),
        cancelled: false,
        promoted: null,
        verification: null,
      },
    };
    const next = { ...record, recovery };
    const { deadline, drillId } = order;
    const data = {
      recoveryId,
      failureType: cause.failureType,
      reason: cause.reason,
      deadline: toIso(deadline),
      drillId: drillId ?? null,
    };
    const context = { ...this.state.draftContext(next, now), audit: auditNoteFor?.(order) ?? null };
    const event = componentEventDraft('recovery.started', next, data, context);
    const { outbox = [], ...more } = alsoStore?.(order) ?? {};
    this.state.commit({ records: [next], outbox: [event, ...outbox], ...more, visible: false }, now);
    return order;
  }
}

function outcomeOf(
  active: ActiveRecovery,
  { dependencyState: rootCause }: ComponentRecord,
  requested: RecoveryOutcome,
): RecoveryOutcome {
  if (hasRecovered(requested)) return requested;
  if (active.cancelled) return 'cancelled';
  if (active.order.requestedAction) return requested;
  return hasFailedDependency(rootCause) && requested !== 'cancelled' ? 'suppressed' : requested;
}

const hasRecovered = (outcome: RecoveryOutcome): outcome is 'successful' | 'not-needed' =>
  outcome === 'successful' || outcome === 'not-needed';

const cancelNote = (actor: Actor, { recoveryId, componentId }: RecoveryOrder): AuditNote => ({
  actor,
  action: 'recovery.cancel',
  subject: recoveryId,
  before: { componentId, status: 'running' },
  after: null,
});

/** A wake-up of the recovery's workflow, which starts it if it does not exist. */
export const wakeUpDraft = (key: string, order: RecoveryOrder): OutboxDraft => ({
  kind: 'nudge',
  key,
  componentId: order.componentId,
  payload: order,
});

/** Workflow ids allow neither "." nor 128 characters, hence a digest. The same recovery always gets the same id. */
export async function recoveryIdOf(
  componentId: string,
  generation: number,
  recoveryGeneration: number,
): Promise<string> {
  const text = `${componentId}\n${generation}\n${recoveryGeneration}`;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return `r-${Array.from(digest.slice(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
