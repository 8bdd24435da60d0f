/**
 * The recoveries of a type: begins them, permits their actions, counts proof from health signals, and ends them.
 *
 * Invariant: a component has at most one running recovery.
 * Invariant: everything that a workflow waits for is written to the outbox first.
 */
import type { Actor } from '../../core/access/actor.ts';
import type { AuditNote } from '../../core/access/audit-entry.ts';
import type { ActiveRecovery, ComponentRecord, RecoveryOutcome } from '../../core/component/component-record.ts';
import type { ControlAction } from '../../core/component/control-action.ts';
import { controlActionsOf } from '../../core/component/control-route.ts';
import type {
  RecoveryOrder,
  RecoverySignal,
  RecoveryTrigger,
  SignalOutcome,
} from '../../core/failure/failure-manager-api.ts';
import { OPERATOR_REQUEST } from '../../core/failure/failure-manager-api.ts';
import { countFailures } from '../../core/failure/failure-count.ts';
import type { RecoveryFacts } from '../../core/failure/recovery-plan.ts';
import type { RecoveryConditions } from '../../core/failure/recovery-preview.ts';
import type { RecoveryPolicy } from '../../core/failure/recovery-policy.ts';
import { cooldownAfter } from '../../core/failure/recovery-policy.ts';
import { endDrill, liftDrill } from '../../core/drill/drill.ts';
import { hasFailedDependency } from '../../core/component/root-cause.ts';
import { toIso } from '../../core/component/resource.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { HealthSignal } from '../../core/health/observe-health.ts';
import { drillEndedDraft } from './drill-events.ts';
import { componentEventDraft } from '../state/component-events.ts';
import type { Member } from '../state/member.ts';
import type { RegistryApi } from '../contract/registry-api.ts';
import type { ActionPermission, RecoveryCause, RecoveryTarget } from '../contract/recovery-api.ts';
import { actionHold, beginObstacle } from './recovery-guard.ts';
import type { Change, RegistryState } from '../state/registry-state.ts';
import type { OutboxDraft } from '../storage/registry-store.ts';
import { selectStandby } from './select-standby.ts';

const EVENT_OF_OUTCOME = {
  successful: 'recovery.succeeded',
  cancelled: 'recovery.cancelled',
  failed: 'recovery.failed',
  timeout: 'recovery.failed',
  suppressed: 'recovery.cancelled',
} as const;

/** Input of a new recovery. */
interface RecoveryStart {
  readonly cause: { readonly failureType: RecoveryTrigger; readonly failureId: string; readonly reason: string };
  /** Set if an operator requested the recovery, which then counts as disruptive from the start. */
  readonly requestedAction?: ControlAction;
  readonly auditNoteFor?: (order: RecoveryOrder) => AuditNote | null;
  /** Returns further changes for the same commit. */
  readonly alsoStore?: (order: RecoveryOrder) => Pick<Change, 'outbox' | 'requestedAction'>;
}

export class Recoveries {
  private readonly state: RegistryState;

  constructor(state: RegistryState) {
    this.state = state;
  }

  async begin(id: string, cause: RecoveryCause, clock: () => number): ReturnType<RegistryApi['beginRecovery']> {
    for (;;) {
      const member = this.state.members.get(id);
      if (!member) return fail('unknown-component', `${id} is not registered`);
      const { record } = member;
      const { recovery } = record;
      if (recovery.active) return ok({ order: recovery.active.order, started: false });
      const obstacle = beginObstacle(record, cause.occurredAt, clock());
      if (obstacle) return obstacle;
      const generation = recovery.generation + 1;
      const recoveryId = await recoveryIdOf(id, record.generation, generation);
      // Another recovery may have begun while this call waited for the digest.
      if (this.state.members.get(id) !== member || member.record.recovery !== recovery) continue;
      return ok({ order: this.start(member, { recoveryId, generation }, { cause }, clock()), started: true });
    }
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
    const { active, failedInRow } = record.recovery;
    // A failure at this moment must be later than every settled one.
    const obstacle = beginObstacle(record, Math.max(now, record.recovery.settledUntil + 1), now);
    return {
      componentType: this.state.type,
      recentFailures: countFailures(record, config, now),
      threshold: { failureThreshold: config.failureThreshold, failureWindow: config.failureWindow },
      recoveryId: active?.order.recoveryId ?? null,
      obstacle: obstacle && { reason: obstacle.reason, message: obstacle.message },
      holds: { disruptive: actionHold(this.state, id, true), other: actionHold(this.state, id, false) },
      facts: this.facts(record),
      policies: config.recovery,
      failedInRow,
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

  /** Permits or refuses a recovery's next action. A recovery that is already disruptive keeps that permission. */
  permitAction(id: string, recoveryId: string, disruptive: boolean, now: number): ActionPermission {
    const found = this.find(id, recoveryId);
    if (!found || found.active.cancelled) return 'not-recovering';
    // An operator's request was judged when it arrived.
    if (found.active.order.requestedAction) return 'permitted';
    if (hasFailedDependency(found.member.record.dependencyState)) return 'dependency-failed';
    const becomesDisruptive = disruptive && !found.active.disruptive;
    const hold = actionHold(this.state, id, becomesDisruptive);
    if (hold) return hold === 'frozen' ? hold : 'too-many';
    if (becomesDisruptive) this.saveActive(found.member.record, { ...found.active, disruptive: true }, [], now);
    return 'permitted';
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

  beginVerification(id: string, recoveryId: string, position: number, durationMs: number, now: number): boolean {
    const found = this.find(id, recoveryId);
    if (!found || found.active.cancelled) return false;
    const { member, active } = found;
    // A repeated step must not restart the proof.
    if (active.verification?.position === position) return true;
    const until = Math.min(now + durationMs, active.order.deadline);
    const verification = { position, since: now, until, successes: 0 };
    // The action is supposed to end the failure, so it also ends the injected failure of a drill.
    this.saveActive(liftDrill(member.record, now), { ...active, verification }, [], now);
    member.check = null;
    // A check that waits for its host keeps its place, because it also begins after the action.
    member.nextCheckAt = Math.min(member.nextCheckAt, now);
    return true;
  }

  /**
   * Counts a signal towards the proof. Returns the record and, once the component is proven, the signal to send; null
   * if the signal says nothing about the proof.
   */
  countProof(record: ComponentRecord, signal: HealthSignal): { record: ComponentRecord; outbox: OutboxDraft[] } | null {
    const active = record.recovery.active;
    const verification = active?.verification;
    if (!active || !verification) return null;
    // Passed checks prove a component with a health check. Heartbeats prove only a component without one.
    const isProofSource = record.registration.healthCheck
      ? signal.kind === 'check-passed'
      : signal.kind === 'heartbeat';
    const isSuccess = isProofSource && record.health.heartbeatStatus !== 'unhealthy';
    const reportsUnhealthy = signal.kind === 'heartbeat' && signal.status === 'unhealthy';
    const isFailure = signal.kind === 'check-failed' || signal.kind === 'heartbeat-expired' || reportsUnhealthy;
    if (!isSuccess && !isFailure) return null;
    const successes = isSuccess ? verification.successes + 1 : 0;
    if (successes < this.state.configFor(record.registration.id).healthyThreshold) {
      return { record: withActive(record, { ...active, verification: { ...verification, successes } }), outbox: [] };
    }
    return {
      record: withActive(record, { ...active, verification: null }),
      outbox: [signalDraft(record, active, verification.position, 'healthy')],
    };
  }

  /** After downtime: continues verifications, because no check could prove anything in that time. */
  resumeVerifications(unobservedMs: number, now: number): void {
    for (const { record } of this.state.members.values()) {
      const { active } = record.recovery;
      if (!active?.verification || active.verification.until <= now - unobservedMs) continue;
      const until = Math.min(active.verification.until + unobservedMs, active.order.deadline);
      this.saveActive(record, { ...active, verification: { ...active.verification, until } }, [], now);
    }
  }

  /** Ends verifications whose time has expired, so that the next action is due. */
  expireVerifications(now: number): void {
    for (const { record } of this.state.members.values()) {
      const active = record.recovery.active;
      if (!active?.verification || now < active.verification.until) continue;
      this.saveActive(
        record,
        { ...active, verification: null },
        [signalDraft(record, active, active.verification.position, 'unproven')],
        now,
      );
    }
  }

  /**
   * Ends a recovery and returns its outcome. A recovery that was cancelled, or that no action could help because of a
   * failed dependency, does not end as failed.
   */
  end(id: string, recoveryId: string, requested: RecoveryOutcome, now: number): RecoveryOutcome {
    const found = this.find(id, recoveryId);
    if (!found) return this.endedOutcome(id, recoveryId) ?? requested;
    const { record } = found.member;
    const outcome = outcomeOf(found.active, record, requested);
    const { drillId } = found.active.order;
    // A drill proves nothing about real recoveries, so it leaves the count of failed ones unchanged.
    if (drillId) return this.endDrillRecovery(record, recoveryId, outcome, now);
    const proven = outcome !== 'failed' && outcome !== 'timeout';
    const failedInRow = proven ? 0 : record.recovery.failedInRow + 1;
    const cooldownMs = cooldownAfter(failedInRow, this.policyOf(found.active.order));
    const settled = { settledUntil: now, failedInRow, notBefore: now + cooldownMs };
    // A failed request of an operator says nothing about failures, and must not delay the recovery that they require.
    const isFailedRequest = found.active.order.requestedAction !== undefined && outcome !== 'successful';
    const recovery = {
      ...record.recovery,
      active: null,
      lastEnded: { recoveryId, outcome },
      ...(isFailedRequest ? {} : settled),
    };
    const type = EVENT_OF_OUTCOME[outcome];
    const event = componentEventDraft(type, record, { recoveryId, outcome }, this.state.draftContext(record, now));
    this.state.commit({ records: [{ ...record, recovery }], outbox: [event], visible: false }, now);
    return outcome;
  }

  private endDrillRecovery(
    record: ComponentRecord,
    recoveryId: string,
    outcome: RecoveryOutcome,
    now: number,
  ): RecoveryOutcome {
    const lastEnded = { recoveryId, outcome };
    const recovery = { ...record.recovery, active: null, lastEnded, settledUntil: now };
    const drillOutcome = outcome === 'successful' ? 'proven' : outcome === 'suppressed' ? 'cancelled' : outcome;
    const end = endDrill({ ...record, recovery }, drillOutcome, now);
    const next = end?.record ?? { ...record, recovery };
    const context = this.state.draftContext(next, now);
    const event = componentEventDraft(EVENT_OF_OUTCOME[outcome], next, { recoveryId, outcome }, context);
    const outbox = end ? [event, drillEndedDraft(next, end.drill, context)] : [event];
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
      return [{ kind: 'nudge', key: `nudge:${order.recoveryId}`, componentId: order.componentId, payload: order }];
    });
  }

  /** Begins a recovery and commits it as the running one. */
  start(
    { record }: Member,
    { recoveryId, generation }: { recoveryId: string; generation: number },
    { cause, requestedAction, auditNoteFor, alsoStore }: RecoveryStart,
    now: number,
  ): RecoveryOrder {
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
      drill: drill && { ...drill, recoveryId, recoveryStartedAt: now },
      active: {
        order,
        disruptive: requestedAction !== undefined,
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
  if (requested === 'successful') return requested;
  if (active.cancelled) return 'cancelled';
  if (active.order.requestedAction) return requested;
  return hasFailedDependency(rootCause) && requested !== 'cancelled' ? 'suppressed' : requested;
}

const withActive = (record: ComponentRecord, active: ActiveRecovery): ComponentRecord => ({
  ...record,
  recovery: { ...record.recovery, active },
});

const cancelNote = (actor: Actor, { recoveryId, componentId }: RecoveryOrder): AuditNote => ({
  actor,
  action: 'recovery.cancel',
  subject: recoveryId,
  before: { componentId, status: 'running' },
  after: null,
});

function signalDraft(
  record: ComponentRecord,
  active: ActiveRecovery,
  position: number,
  outcome: SignalOutcome,
): OutboxDraft {
  const { recoveryId } = active.order;
  const payload: RecoverySignal = { recoveryId, position, outcome };
  return { kind: 'signal', key: `${recoveryId}:${position}:${outcome}`, componentId: record.registration.id, payload };
}

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
