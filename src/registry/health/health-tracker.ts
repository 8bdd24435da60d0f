/**
 * The registry's side of health: has signals judged by the core, stores what they changed in one
 * transaction with what it leaves in the outbox, and schedules the next check.
 */
import type { ComponentRecord } from '../../core/component/component-record.ts';
import { withFailure, withoutCooldown } from '../../core/component/component-record.ts';
import { notedHealth, proven } from '../../core/drill/drill.ts';
import type { Check } from '../../core/health/check.ts';
import type { HealthSignal } from '../../core/health/observe-health.ts';
import { observeHealth } from '../../core/health/observe-health.ts';
import { nextCheckAt } from '../../core/health/schedule.ts';
import type { MemberSignal } from '../state/member-signal.ts';
import { healthEventDrafts } from '../state/component-events.ts';
import type { Member } from '../state/member.ts';
import type { Recoveries } from '../recovery/recoveries.ts';
import type { RegistryState } from '../state/registry-state.ts';
import type { OutboxDraft } from '../storage/registry-store.ts';

export class HealthTracker {
  private readonly state: RegistryState;
  private readonly recoveries: Recoveries;

  constructor(state: RegistryState, recoveries: Recoveries) {
    this.state = state;
    this.recoveries = recoveries;
  }

  /** Takes signals in; true when something was written to the outbox. */
  observe(signals: readonly MemberSignal[], now: number): boolean {
    // What several signals change of one component they change one after the other.
    const records = new Map<Member, ComponentRecord>();
    const outbox: OutboxDraft[] = [];
    let visible = false;
    for (const { member, signal, ended } of signals) {
      const before = records.get(member) ?? member.record;
      const config = this.state.configFor(before.registration.id);
      const step = observeHealth(before.health, signal, config, now);
      const noted = notedHealth(before, step.next, now);
      const seen = { ...noted, health: step.next };
      const proof = this.recoveries.countProof(seen, signal);
      const counts = proof?.record ?? seen;
      const judged = proof?.outbox.length ? proven(counts, now) : counts;
      const context = this.state.draftContext(judged, now);
      const drafts = healthEventDrafts(judged, step.events, config.failureThreshold, context);
      outbox.push(...drafts, ...(proof?.outbox ?? []));
      const isBack = step.events.some((event) => event.kind === 'status-changed' && event.from === 'unhealthy');
      const counted = drafts.some((draft) => draft.kind === 'failure') ? withFailure(judged, now) : judged;
      const record = isBack ? withoutCooldown(counted) : counted;
      // An unchanged good check writes no row: it stays in memory until something changes.
      const isWritten = step.events.length > 0 || proof !== null || noted !== before || records.has(member);
      if (isWritten) records.set(member, record);
      else member.record = record;
      visible ||= step.events.some((event) => event.kind === 'status-changed');
      if (ended && signal.kind !== 'doubt-ended') this.conclude(member, record, ended, signal, now);
    }
    if (records.size > 0) this.state.commit({ records: Array.from(records.values()), outbox, visible }, now);
    return outbox.length > 0;
  }

  /** Schedules the next check and answers those who waited for this one. */
  private conclude(member: Member, record: ComponentRecord, ended: Check, signal: HealthSignal, now: number): void {
    const verifying = record.recovery.active?.verification != null;
    const after = { now, startedAt: ended.startedAt, verifying };
    member.nextCheckAt = nextCheckAt(record.health, after, this.state.intervalMs(record), this.state.place(member));
    const result = {
      outcome: signal.kind === 'check-passed' ? ('passed' as const) : ('failed' as const),
      responseTimeMs: signal.kind === 'check-passed' ? signal.responseTimeMs : null,
      error: signal.kind === 'check-failed' ? signal.error : null,
    };
    for (const resolve of member.waiting.splice(0)) resolve(result);
  }
}
