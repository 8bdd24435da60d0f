/**
 * The health of all members: evaluates signals with the core, stores the changes and their outbox rows in one
 * transaction, and schedules the next check.
 */
import type { ComponentRecord } from '../../core/component/component-record.ts';
import { withFailure, withReturn } from '../../core/component/component-record.ts';
import { recordDrillHealth, proveDrill } from '../../core/drill/drill.ts';
import type { Check } from '../../core/health/check.ts';
import { resumeHold } from '../../core/health/flap-damping.ts';
import type { HealthSignal } from '../../core/health/observe-health.ts';
import { observeHealth } from '../../core/health/observe-health.ts';
import { nextCheckAt } from '../../core/health/check-schedule.ts';
import type { MemberSignal } from '../state/member-signal.ts';
import { healthEventDrafts } from '../state/component-events.ts';
import type { Member } from '../state/member.ts';
import type { StatusReports } from './status-reports.ts';
import type { Verifications } from '../recovery/verifications.ts';
import type { RegistryState } from '../state/registry-state.ts';
import type { OutboxDraft } from '../storage/registry-store.ts';

export class HealthTracker {
  private readonly state: RegistryState;
  private readonly verifications: Verifications;
  private readonly reports: StatusReports;

  constructor(state: RegistryState, verifications: Verifications, reports: StatusReports) {
    this.state = state;
    this.verifications = verifications;
    this.reports = reports;
  }

  /** Applies signals. Returns true if any row was written to the outbox. */
  observe(signals: readonly MemberSignal[], now: number): boolean {
    // Several signals about one component apply one after the other.
    const records = new Map<Member, ComponentRecord>();
    const outbox: OutboxDraft[] = [];
    let visible = false;
    for (const { member, signal, ended, keyId = null } of signals) {
      const before = records.get(member) ?? member.record;
      const config = this.state.configFor(before.registration.id);
      const step = observeHealth(before.health, signal, config, now);
      const shown = this.reports.admit(member, step, keyId, now);
      const withDrill = recordDrillHealth(before, shown.next, now);
      const observed = { ...withDrill, health: shown.next };
      const proof = this.verifications.countProof(observed, signal);
      const withProof = proof?.record ?? observed;
      const evaluated = proof?.outbox.length ? proveDrill(withProof, now) : withProof;
      const context = this.state.draftContext(evaluated, now);
      const drafts = healthEventDrafts(evaluated, shown.events, config.failureThreshold, context);
      outbox.push(...drafts, ...(proof?.outbox ?? []));
      const isBack = step.events.some((event) => event.kind === 'status-changed' && event.from === 'unhealthy');
      const withFailures = drafts.some((draft) => draft.kind === 'failure') ? withFailure(evaluated, now) : evaluated;
      const record = isBack ? withReturn(withFailures) : withFailures;
      const isStored =
        proof !== null ||
        withDrill !== before ||
        records.has(member) ||
        drafts.length > 0 ||
        (step.events.length > 0 && !isKnownDown(before, record));
      if (isStored) records.set(member, record);
      else member.record = record;
      visible ||= step.events.some((event) => event.kind === 'status-changed');
      if (ended && signal.kind !== 'doubt-ended') this.completeCheck(member, record, ended, signal, now);
    }
    if (records.size > 0) this.state.commit({ records: Array.from(records.values()), outbox, visible }, now);
    return outbox.length > 0;
  }

  /** After downtime: continues flap-damping holds, because no failure could end the quiet of that time. */
  resumeHolds(unobservedMs: number, now: number): void {
    for (const member of this.state.members.values()) {
      const { health } = member.record;
      const flap = resumeHold(health.flap, unobservedMs, now);
      if (flap !== health.flap) member.record = { ...member.record, health: { ...health, flap } };
    }
  }

  /** Schedules the next check and resolves the callers that waited for this one. */
  private completeCheck(
    member: Member,
    record: ComponentRecord,
    ended: Check,
    signal: HealthSignal,
    now: number,
  ): void {
    const verifying = record.recovery.active?.verification != null;
    const after = { now, startedAt: ended.startedAt, verifying };
    member.nextCheckAt = nextCheckAt(
      record.health,
      after,
      this.state.intervalMs(record),
      this.state.roundPlace(member),
    );
    const result = {
      outcome: signal.kind === 'check-passed' ? ('passed' as const) : ('failed' as const),
      responseTimeMs: signal.kind === 'check-passed' ? signal.responseTimeMs : null,
      error: signal.kind === 'check-failed' ? signal.error : null,
    };
    for (const resolve of member.waiters.splice(0)) resolve(result);
  }
}

/**
 * True if the component was unhealthy before and stays so. Like a passed check without a change, such a check writes no
 * row of its own: its result stays in memory until something changes or the failure is recorded, once a minute.
 */
const isKnownDown = (before: ComponentRecord, after: ComponentRecord): boolean =>
  before.health.status === 'unhealthy' && after.health.status === 'unhealthy';
