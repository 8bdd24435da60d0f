/**
 * The self-doubt (self-preservation) of a registry: inspects signals before they count. When most of the type seems to
 * fail, the guard checks a canary. Depending on the verdict, failures are postponed, discarded or passed on.
 *
 * Owns the possible failures of the current round and the signals that wait for the verdict. Both live in memory: after
 * an eviction, the next round produces the same ones. The self-doubt state is stored, because events have announced it.
 */
import type { ComponentRecord } from '../../core/component/component-record.ts';
import { toIso } from '../../core/component/resource.ts';
import type { HealthState } from '../../core/health/health-state.ts';
import type { HealthSignal } from '../../core/health/observe-health.ts';
import type { SelfDoubt, Evidence, CanaryVerdict } from '../../core/health/self-doubt.ts';
import { failureHandling, applyCanaryVerdict, isMassFailure, updateSelfDoubt } from '../../core/health/self-doubt.ts';
import type { MemberSignal } from '../state/member-signal.ts';
import { componentEvent, typeEventDraft } from '../state/component-events.ts';
import { INCONCLUSIVE } from '../state/member.ts';
import { isInService, isWorking } from '../state/member-index.ts';
import type { RegistryState } from '../state/registry-state.ts';
import type { OutboxDraft } from '../storage/registry-store.ts';
import { logError } from '../../logging/log-error.ts';

/** Shortest time between two counts of the possible failures, ms: a count costs as much as there are of them. */
const COUNT_EVERY_MS = 100;
/** Time after which a mass failure is judged again if no signal arrives, ms. */
const RECHECK_MS = 1_000;

/** Time in which a check with the default timeout fails at the latest, in addition to the interval. */
const CHECK_MS = 6_000;

interface PossibleFailure {
  readonly source: 'check' | 'heartbeat';
  /** Epoch ms of the latest failure signal. */
  readonly at: number;
  /** Health before the first failure signal. */
  readonly before: HealthState;
  readonly generation: number;
}

interface PendingSignal {
  readonly signal: MemberSignal;
  readonly at: number;
}

export interface SelfDoubtDeps {
  readonly checkCanary: () => Promise<CanaryVerdict>;
  /** Evaluates signals as if they arrived now. */
  readonly applySignals: (signals: readonly MemberSignal[], now: number) => void;
  /** Delivers outbox rows and arms the alarm, because a row was stored or a due time changed. */
  readonly flush: (now: number) => void;
}

export class SelfDoubtGuard {
  private readonly state: RegistryState;
  private readonly deps: SelfDoubtDeps;
  private readonly possibleFailures = new Map<string, PossibleFailure>();
  private pending: PendingSignal[] = [];
  private readonly startedAt = Date.now();
  /** Epoch ms of the last count of the possible failures. */
  private countedAt = -Infinity;

  constructor(state: RegistryState, deps: SelfDoubtDeps) {
    this.state = state;
    this.deps = deps;
  }

  /** Returns the signals to evaluate now; the guard postpones or discards failures that it does not trust. */
  filterTrusted(signals: readonly MemberSignal[], now: number): readonly MemberSignal[] {
    for (const each of signals) this.track(each, now);
    this.reconsider(now);
    const handling = failureHandling(this.state.selfDoubt);
    if (handling === 'apply') return signals;
    return signals.filter((each) => {
      if (!this.possibleFailures.has(each.member.record.registration.id)) return true;
      if (each.signal.kind === 'suspected') return handling === 'hold';
      if (!isFailure(each.signal)) return true;
      if (handling === 'hold') this.postpone(each, now);
      else this.discard(each, now);
      return false;
    });
  }

  /** Epoch ms at which the self-doubt is reconsidered if no signal arrives before; Infinity while it is settled. */
  get dueAt(): number {
    if (this.isSettled()) return Infinity;
    return this.countedAt + (this.state.selfDoubt.kind === 'sure' ? COUNT_EVERY_MS : RECHECK_MS);
  }

  /** Reconsiders the self-doubt, at most every `COUNT_EVERY_MS`. */
  reconsider(now: number): void {
    if (this.isSettled() || Math.abs(now - this.countedAt) < COUNT_EVERY_MS) return;
    this.countedAt = now;
    const roundMs = this.roundMs();
    const { selfDoubt: mode } = this.state.config;
    const evidence = this.evidence(now, roundMs);
    // The stored self-doubt outlives the possible failures in memory: one round after a start shows them again.
    const isWarmingUp = Math.abs(now - this.startedAt) < roundMs + CHECK_MS;
    if (isWarmingUp && mode === 'auto' && this.state.selfDoubt.kind !== 'sure' && !isMassFailure(evidence)) return;
    const { next, queryCanary: needsCanary } = updateSelfDoubt(this.state.selfDoubt, evidence, { mode, roundMs }, now);
    this.transition(next, now);
    if (needsCanary) void this.checkCanary();
  }

  /** True if no count of the possible failures could change the self-doubt. */
  private isSettled(): boolean {
    const { selfDoubt, config, counts } = this.state;
    if (config.selfDoubt === 'always') return selfDoubt.kind === 'doubting';
    if (selfDoubt.kind !== 'sure') return false;
    // All possible failures and no other working component is the most that a count could find.
    const most = { failing: this.possibleFailures.size, healthyBefore: counts.working };
    return config.selfDoubt === 'never' || !isMassFailure(most);
  }

  private track({ member, signal }: MemberSignal, now: number): void {
    const { registration, health, generation } = member.record;
    const source = signal.kind === 'heartbeat' || signal.kind === 'heartbeat-expired' ? 'heartbeat' : 'check';
    const known = this.possibleFailures.get(registration.id);
    if (signal.kind === 'check-passed' || signal.kind === 'heartbeat') {
      if (known?.source === source) this.possibleFailures.delete(registration.id);
    } else if (isFailure(signal) || signal.kind === 'suspected') {
      // A component already known to be down is no evidence: only a failure that would change its status counts.
      if (!isHealthyOrDegraded(health)) return;
      this.possibleFailures.set(
        registration.id,
        known ? { ...known, at: now } : { source, at: now, before: health, generation },
      );
    }
  }

  /** Counts members that worked when the round began, and those that fail now. Drops expired possible failures. */
  private evidence(now: number, roundMs: number): Evidence {
    for (const [id, { at, generation }] of this.possibleFailures) {
      const record = this.state.members.get(id)?.record;
      const isExpired = Math.abs(now - at) > roundMs + CHECK_MS;
      if (isExpired || record?.generation !== generation) this.possibleFailures.delete(id);
    }
    let failing = 0;
    let failingButWorking = 0;
    for (const id of this.possibleFailures.keys()) {
      const record = this.state.members.get(id)!.record;
      if (!isInService(record)) continue;
      failing++;
      if (isWorking(record)) failingButWorking++;
    }
    return { healthyBefore: this.state.counts.working + failing - failingButWorking, failing };
  }

  /** Check interval of the slowest member, ms. Failures within one such round count as simultaneous. */
  private roundMs(): number {
    return Math.max(1_000, this.state.longestIntervalMs);
  }

  private async checkCanary(): Promise<void> {
    let verdict = await this.canaryVerdict();
    // A late check proves nothing. While failures wait for the verdict, the check is repeated, for `MAX_CANARY_MS`.
    while (verdict === 'late' && this.state.selfDoubt.kind === 'asking') verdict = await this.canaryVerdict();
    const now = Date.now();
    this.transition(applyCanaryVerdict(this.state.selfDoubt, verdict, this.state.config.selfDoubt, now), now);
    this.deps.flush(now);
  }

  private canaryVerdict(): Promise<CanaryVerdict> {
    return this.deps.checkCanary().catch((error: unknown): CanaryVerdict => {
      // A canary that cannot be checked counts as unseen.
      logError('canary check failed', { type: this.state.type, error });
      return 'unseen';
    });
  }

  /**
   * Enters the next state: publishes its events, restores statuses that changed too early, and releases postponed
   * signals.
   */
  private transition(next: SelfDoubt, now: number): void {
    const before = this.state.selfDoubt;
    if (next === before) return;
    const outbox: OutboxDraft[] = [];
    const data = { type: this.state.type, mode: this.state.config.selfDoubt, ...this.evidence(now, this.roundMs()) };
    const isNew = next.kind !== before.kind;
    if (isNew && next.kind === 'doubting')
      outbox.push(typeEventDraft('system.self-doubt-began', this.state.type, data, { now }));
    if (isNew && before.kind === 'doubting')
      outbox.push(
        typeEventDraft('system.self-doubt-ended', this.state.type, { ...data, since: toIso(before.since) }, { now }),
      );
    const records = isNew && next.kind === 'doubting' ? this.restore(outbox, now) : [];
    this.state.commit({ selfDoubt: next, records, outbox, visible: records.length > 0 }, now);
    if (next.kind !== 'asking') this.releasePending(now);
    if (outbox.length > 0) this.deps.flush(now);
  }

  /** Restores members whose failure counted before the mass failure was detected. Adds their events to `outbox`. */
  private restore(outbox: OutboxDraft[], now: number): ComponentRecord[] {
    return Array.from(this.possibleFailures).flatMap(([id, { before }]): ComponentRecord[] => {
      const record = this.state.members.get(id)?.record;
      if (!record) return [];
      if (isHealthyOrDegraded(record.health)) return record.health.suspect ? [withoutSuspicion(record)] : [];
      const restored = { ...record, health: { ...before, suspect: false } };
      const data = { from: record.health.status, to: before.status, reason: 'kept: most of the type seems to fail' };
      outbox.push(componentEvent('component.health-changed', restored, data, this.state.draftContext(restored, now)));
      return [restored];
    });
  }

  private postpone(signal: MemberSignal, now: number): void {
    this.pending.push({ signal, at: now });
    const { member } = signal;
    member.nextCheckAt = Math.max(member.nextCheckAt, this.state.nextRound(member, now));
  }

  private discard({ member }: MemberSignal, now: number): void {
    member.record = withoutSuspicion(member.record);
    member.nextCheckAt = Math.max(member.nextCheckAt, this.state.nextRound(member, now));
    for (const resolve of member.waiters.splice(0)) resolve(INCONCLUSIVE);
  }

  /** Evaluates or discards the signals that waited for the canary's verdict. */
  private releasePending(now: number): void {
    const pending = this.pending.splice(0).filter((each) => this.isCurrent(each));
    if (failureHandling(this.state.selfDoubt) === 'keep') for (const { signal } of pending) this.discard(signal, now);
    else if (pending.length > 0)
      this.deps.applySignals(
        pending.map(({ signal }) => signal),
        now,
      );
  }

  /** True if nothing newer is known of the member. */
  private isCurrent({ signal: { member }, at }: PendingSignal): boolean {
    const { registration, health } = member.record;
    const isKnown = this.state.members.get(registration.id) === member;
    return isKnown && this.possibleFailures.has(registration.id) && (health.lastCheckAt ?? 0) <= at;
  }
}

const withoutSuspicion = (record: ComponentRecord): ComponentRecord => ({
  ...record,
  health: { ...record.health, suspect: false },
});

const isHealthyOrDegraded = ({ status }: HealthState): boolean => status === 'healthy' || status === 'degraded';
const isFailure = ({ kind }: HealthSignal): boolean => kind === 'check-failed' || kind === 'heartbeat-expired';
