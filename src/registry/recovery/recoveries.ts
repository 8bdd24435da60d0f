/**
 * The registry's side of recoveries: only one begins for a component at a time, proof is counted from
 * the checks, and everything a workflow waits for is written to the outbox first.
 */
import type { Actor } from '../../core/access/actor.ts';
import type { AuditNote } from '../../core/access/audit-entry.ts';
import type { ActiveRecovery, ComponentRecord, RecoveryOutcome } from '../../core/component/component-record.ts';
import { settledUntil } from '../../core/component/component-record.ts';
import type { ControlAction } from '../../core/component/control-action.ts';
import { controlActionsOf } from '../../core/component/control-url.ts';
import type {
  RecoveryOrder,
  RecoverySignal,
  RecoveryTrigger,
  SignalOutcome,
} from '../../core/failure/failure-intake.ts';
import { OPERATOR_REQUEST } from '../../core/failure/failure-intake.ts';
import type { RecoveryFacts } from '../../core/failure/recovery-plan.ts';
import type { RecoveryStanding } from '../../core/failure/recovery-preview.ts';
import type { RecoveryPolicy } from '../../core/failure/recovery-policy.ts';
import { cooldownAfter } from '../../core/failure/recovery-policy.ts';
import { endDrill, lifted } from '../../core/drill/drill.ts';
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

/** What a recovery begins with. */
interface Opening {
  readonly cause: { readonly failureType: RecoveryTrigger; readonly failureId: string; readonly reason: string };
  /** By an operator: it counts as disruptive from the start. */
  readonly asked?: ControlAction;
  readonly noteOf?: (order: RecoveryOrder) => AuditNote | null;
  /** What is stored along with it. */
  readonly also?: (order: RecoveryOrder) => Pick<Change, 'outbox' | 'askedAction'>;
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
      // The digest was awaited: someone else may have begun meanwhile.
      if (this.state.members.get(id) !== member || member.record.recovery !== recovery) continue;
      return ok({ order: this.open(member, { recoveryId, generation }, { cause }, clock()), started: true });
    }
  }

  /** The running recovery of that id, with its member. */
  find(id: string, recoveryId: string): { member: Member; active: ActiveRecovery } | undefined {
    const member = this.state.members.get(id);
    const active = member?.record.recovery.active;
    return member && active?.order.recoveryId === recoveryId ? { member, active } : undefined;
  }

  /** What a recovery plans by. No secret is among it: the workflow stores it. */
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

  /** What one would go by if the component failed now. */
  standing(record: ComponentRecord, now: number): RecoveryStanding {
    const { id } = record.registration;
    const { failureThreshold, failureWindow, recovery: policies } = this.state.configFor(id);
    const { active, recentFailures, failedInRow } = record.recovery;
    // A failure of this moment is after all that is settled.
    const obstacle = beginObstacle(record, Math.max(now, record.recovery.settledUntil + 1), now);
    return {
      componentType: this.state.type,
      countSince: settledUntil(record),
      recentFailures,
      threshold: { failureThreshold, failureWindow },
      recoveryId: active?.order.recoveryId ?? null,
      obstacle: obstacle && { reason: obstacle.reason, message: obstacle.message },
      holds: { disruptive: actionHold(this.state, id, true), other: actionHold(this.state, id, false) },
      facts: this.facts(record),
      policies,
      failedInRow,
    };
  }

  /** What can be done for it as things stand. */
  facts(record: ComponentRecord): RecoveryFacts {
    const { registration, lifecycle } = record;
    return {
      controlActions: controlActionsOf(registration, this.state.config.controller),
      hasStandby: lifecycle.state === 'active' && selectStandby(record, this.state.members) !== undefined,
      autoScalingEnabled: this.state.configFor(registration.id).autoScalingEnabled,
    };
  }

  /** Lets a recovery take its next action. One that has restarted or scaled before goes on with the same leave. */
  permitAction(id: string, recoveryId: string, disruptive: boolean, now: number): ActionPermission {
    const found = this.find(id, recoveryId);
    if (!found || found.active.cancelled) return 'not-recovering';
    // What an operator asked for was judged when it was asked for.
    if (found.active.order.asked) return 'permitted';
    if (hasFailedDependency(found.member.record.shadow)) return 'shadowed';
    const takesLeave = disruptive && !found.active.disruptive;
    const hold = actionHold(this.state, id, takesLeave);
    if (hold) return hold === 'frozen' ? hold : 'too-many';
    if (takesLeave) this.update(found.member.record, { ...found.active, disruptive: true }, [], now);
    return 'permitted';
  }

  /** Ends it before its next action; a workflow that waits hears of it at once. Asked again, it is the same cancel. */
  cancel(id: string, recoveryId: string, actor: Actor | null, now: number): boolean {
    const found = this.find(id, recoveryId);
    if (!found) return this.endedAs(id, recoveryId) === 'cancelled';
    if (found.active.cancelled) return true;
    const { record } = found.member;
    const audit = actor && cancelNote(actor, found.active.order);
    const context = { ...this.state.draftContext(record, now), newId: () => `${recoveryId}:cancel`, audit };
    const event = componentEventDraft('recovery.cancel-requested', record, { recoveryId }, context);
    this.update(record, { ...found.active, cancelled: true }, [event, ...this.abandon(record, 'cancelled')], now);
    return true;
  }

  beginVerification(id: string, recoveryId: string, position: number, forMs: number, now: number): boolean {
    const found = this.find(id, recoveryId);
    if (!found || found.active.cancelled) return false;
    const { member, active } = found;
    // A repeated step must not start the proof anew.
    if (active.verification?.position === position) return true;
    const until = Math.min(now + forMs, active.order.deadline);
    const verification = { position, since: now, until, successes: 0 };
    // What was rehearsed is over with the action that was to end it.
    this.update(lifted(member.record, now), { ...active, verification }, [], now);
    member.check = null;
    // A check that waits for its host keeps its place; it too begins after the action.
    member.nextCheckAt = Math.min(member.nextCheckAt, now);
    return true;
  }

  /** Counts a good sign towards the proof; answers the record and, when proven, the signal to send. */
  countProof(record: ComponentRecord, signal: HealthSignal): { record: ComponentRecord; outbox: OutboxDraft[] } | null {
    const active = record.recovery.active;
    const verification = active?.verification;
    if (!active || !verification) return null;
    // A component that is asked proves itself by its answers; its heartbeats prove only one that is not.
    const answers = record.registration.healthCheck ? signal.kind === 'check-passed' : signal.kind === 'heartbeat';
    const good = answers && record.health.heartbeatStatus !== 'unhealthy';
    const saysUnhealthy = signal.kind === 'heartbeat' && signal.status === 'unhealthy';
    const bad = signal.kind === 'check-failed' || signal.kind === 'heartbeat-expired' || saysUnhealthy;
    if (!good && !bad) return null;
    const successes = good ? verification.successes + 1 : 0;
    if (successes < this.state.configFor(record.registration.id).healthyThreshold) {
      return { record: withActive(record, { ...active, verification: { ...verification, successes } }), outbox: [] };
    }
    return {
      record: withActive(record, { ...active, verification: null }),
      outbox: [signalDraft(record, active, verification.position, 'healthy')],
    };
  }

  /** Ends verifications whose time is over: the next action is due. */
  expireVerifications(now: number): void {
    for (const { record } of this.state.members.values()) {
      const active = record.recovery.active;
      if (!active?.verification || now < active.verification.until) continue;
      this.update(
        record,
        { ...active, verification: null },
        [signalDraft(record, active, active.verification.position, 'unproven')],
        now,
      );
    }
  }

  /** Closes it; answers how it ended: one that was cancelled on the way, or that no action could help, did not fail. */
  end(id: string, recoveryId: string, asked: RecoveryOutcome, now: number): RecoveryOutcome {
    const found = this.find(id, recoveryId);
    if (!found) return this.endedAs(id, recoveryId) ?? asked;
    const { record } = found.member;
    const outcome = outcomeOf(found.active, record, asked);
    const { drillId } = found.active.order;
    // A drill proves nothing of how often the component can be recovered.
    if (drillId) return this.endOfDrill(record, recoveryId, outcome, now);
    const proven = outcome !== 'failed' && outcome !== 'timeout';
    const failedInRow = proven ? 0 : record.recovery.failedInRow + 1;
    const cooldownMs = cooldownAfter(failedInRow, this.policyOf(found.active.order));
    const settled = { settledUntil: now, failedInRow, notBefore: now + cooldownMs };
    // What an operator tried in vain says nothing of failures, and must not delay the recovery that they call for.
    const isInVain = found.active.order.asked !== undefined && outcome !== 'successful';
    const recovery = {
      ...record.recovery,
      active: null,
      lastEnded: { recoveryId, outcome },
      ...(isInVain ? {} : settled),
    };
    const type = EVENT_OF_OUTCOME[outcome];
    const event = componentEventDraft(type, record, { recoveryId, outcome }, this.state.draftContext(record, now));
    this.state.commit({ records: [{ ...record, recovery }], outbox: [event], visible: false }, now);
    return outcome;
  }

  private endOfDrill(
    record: ComponentRecord,
    recoveryId: string,
    outcome: RecoveryOutcome,
    now: number,
  ): RecoveryOutcome {
    const lastEnded = { recoveryId, outcome };
    const recovery = { ...record.recovery, active: null, lastEnded, settledUntil: now };
    const became = outcome === 'successful' ? 'proven' : outcome === 'suppressed' ? 'cancelled' : outcome;
    const end = endDrill({ ...record, recovery }, became, now);
    const next = end?.record ?? { ...record, recovery };
    const context = this.state.draftContext(next, now);
    const event = componentEventDraft(EVENT_OF_OUTCOME[outcome], next, { recoveryId, outcome }, context);
    const outbox = end ? [event, drillEndedDraft(next, end.drill, context)] : [event];
    this.state.commit({ records: [next], drills: end ? [end.drill] : [], outbox, visible: end !== null }, now);
    return outcome;
  }

  /** What an operator asks for has a plan of its own, and of the policy nothing but the cooldown that it clears. */
  private policyOf({ componentId, failureType }: RecoveryOrder): RecoveryPolicy {
    return this.state.configFor(componentId).recovery[
      failureType === OPERATOR_REQUEST ? 'internal_error' : failureType
    ];
  }

  private endedAs(id: string, recoveryId: string): RecoveryOutcome | undefined {
    const ended = this.state.members.get(id)?.record.recovery.lastEnded;
    return ended?.recoveryId === recoveryId ? ended.outcome : undefined;
  }

  /** A signal that a running recovery of this record is no longer needed. */
  abandon(record: ComponentRecord, outcome: 'cancelled' | 'removed'): OutboxDraft[] {
    const { active } = record.recovery;
    // Whatever position it waits at, it must hear this.
    return active ? [signalDraft(record, active, active.verification?.position ?? 0, outcome)] : [];
  }

  update(record: ComponentRecord, active: ActiveRecovery, outbox: OutboxDraft[], now: number): void {
    this.state.commit({ records: [withActive(record, active)], outbox, visible: false }, now);
  }

  /** A word to each running recovery's workflow, for the sweep: it may sleep, or never have been started. */
  nudges(): OutboxDraft[] {
    return Array.from(this.state.members.values()).flatMap(({ record }): OutboxDraft[] => {
      const order = record.recovery.active?.order;
      if (!order) return [];
      return [{ kind: 'nudge', key: `nudge:${order.recoveryId}`, componentId: order.componentId, payload: order }];
    });
  }

  /** Begins it: from now on it is the recovery that runs. */
  open(
    { record }: Member,
    { recoveryId, generation }: { recoveryId: string; generation: number },
    { cause, asked, noteOf, also }: Opening,
    now: number,
  ): RecoveryOrder {
    const drill = asked ? null : (record.recovery.drill ?? null);
    const order: RecoveryOrder = {
      recoveryId,
      componentId: record.registration.id,
      componentType: record.registration.type,
      failureType: cause.failureType,
      failureId: cause.failureId,
      reason: cause.reason,
      ...(asked ? { asked } : {}),
      startedAt: now,
      deadline: drill?.until ?? now + this.state.configFor(record.registration.id).recoveryTimeout,
      drillId: drill?.id ?? null,
      rehearsal: drill !== null && !drill.execute,
    };
    const recovery = {
      ...record.recovery,
      generation,
      drill: drill && { ...drill, recoveryId, recoveryStartedAt: now },
      active: { order, disruptive: asked !== undefined, cancelled: false, promoted: null, verification: null },
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
    const context = { ...this.state.draftContext(next, now), audit: noteOf?.(order) ?? null };
    const event = componentEventDraft('recovery.started', next, data, context);
    const { outbox = [], ...more } = also?.(order) ?? {};
    this.state.commit({ records: [next], outbox: [event, ...outbox], ...more, visible: false }, now);
    return order;
  }
}

function outcomeOf(active: ActiveRecovery, { shadow }: ComponentRecord, asked: RecoveryOutcome): RecoveryOutcome {
  if (asked === 'successful') return asked;
  if (active.cancelled) return 'cancelled';
  if (active.order.asked) return asked;
  return hasFailedDependency(shadow) && asked !== 'cancelled' ? 'suppressed' : asked;
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

/** Workflow ids allow neither "." nor 128 characters, hence a digest; the same recovery always gets the same id. */
export async function recoveryIdOf(
  componentId: string,
  generation: number,
  recoveryGeneration: number,
): Promise<string> {
  const text = `${componentId}\n${generation}\n${recoveryGeneration}`;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return `r-${Array.from(digest.slice(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
