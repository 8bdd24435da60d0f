/**
 * The registry's side of self-doubt: looks at what its senses say before it counts, asks a witness when most of
 * the type seems to have failed, and holds, keeps or lets through accordingly.
 *
 * Owns who is in trouble in this round and what waits for the witness, both in memory: after an eviction the next
 * round sees the same again. Where things stand is stored, because it was told.
 */
import type { ComponentRecord } from '../../core/component/component-record.ts';
import { toIso } from '../../core/component/resource.ts';
import type { HealthState } from '../../core/health/health-state.ts';
import type { HealthSignal } from '../../core/health/observe-health.ts';
import type { SelfDoubt, Evidence, CanaryVerdict } from '../../core/health/self-doubt.ts';
import { trustIn, applyCanaryVerdict, isMassFailure, reconsider } from '../../core/health/self-doubt.ts';
import type { MemberSignal } from '../state/member-signal.ts';
import { componentEvent, typeEventDraft } from '../state/component-events.ts';
import { INCONCLUSIVE } from '../state/member.ts';
import type { RegistryState } from '../state/registry-state.ts';
import type { OutboxDraft } from '../storage/registry-store.ts';

/** What a check takes at most beside the interval until it has failed. */
const CHECK_MS = 6_000;

interface Trouble {
  readonly sense: 'check' | 'heartbeat';
  readonly at: number;
  /** How it was before. */
  readonly before: HealthState;
  readonly generation: number;
}

interface Held {
  readonly signal: MemberSignal;
  readonly at: number;
}

export interface SelfDoubtDeps {
  readonly askWitness: () => Promise<CanaryVerdict>;
  /** Judges signals as if they came now. */
  readonly judge: (signals: readonly MemberSignal[], now: number) => void;
  /** Something was written down, or is due at another time. */
  readonly settle: (now: number) => void;
}

export class SelfDoubtGuard {
  private readonly state: RegistryState;
  private readonly ports: SelfDoubtDeps;
  private readonly troubled = new Map<string, Trouble>();
  private held: Held[] = [];
  private readonly startedAt = Date.now();

  constructor(state: RegistryState, ports: SelfDoubtDeps) {
    this.state = state;
    this.ports = ports;
  }

  /** What of the signals is to be judged now. */
  sift(signals: readonly MemberSignal[], now: number): readonly MemberSignal[] {
    for (const each of signals) this.note(each, now);
    if (this.troubled.size === 0 && this.state.doubt.kind === 'sure') return signals;
    this.reconsider(now);
    const belief = trustIn(this.state.doubt);
    if (belief === 'apply') return signals;
    return signals.filter((each) => {
      if (!this.troubled.has(each.member.record.registration.id)) return true;
      if (each.signal.kind === 'suspected') return belief === 'hold';
      if (!isBad(each.signal)) return true;
      if (belief === 'hold') this.hold(each, now);
      else this.keep(each, now);
      return false;
    });
  }

  /** Time has passed: what is over is over. */
  tick(now: number): void {
    if (this.troubled.size > 0 || this.state.doubt.kind !== 'sure' || this.state.config.selfDoubt === 'always')
      this.reconsider(now);
  }

  private note({ member, signal }: MemberSignal, now: number): void {
    const { registration, health, generation } = member.record;
    const sense = signal.kind === 'heartbeat' || signal.kind === 'heartbeat-expired' ? 'heartbeat' : 'check';
    const known = this.troubled.get(registration.id);
    if (signal.kind === 'check-passed' || signal.kind === 'heartbeat') {
      if (known?.sense === sense) this.troubled.delete(registration.id);
    } else if (isBad(signal) || signal.kind === 'suspected') {
      // One that is known to be down fails in no round any more: only what would turn it counts.
      if (!isWell(health)) return;
      this.troubled.set(
        registration.id,
        known ? { ...known, at: now } : { sense, at: now, before: health, generation },
      );
    }
  }

  private reconsider(now: number): void {
    const roundMs = this.roundMs();
    const { selfDoubt: mode } = this.state.config;
    const evidence = this.evidence(now, roundMs);
    // What is remembered of a doubt outlives who was in trouble: a round shows them again.
    const isBlind = Math.abs(now - this.startedAt) < roundMs + CHECK_MS;
    if (isBlind && mode === 'auto' && this.state.doubt.kind !== 'sure' && !isMassFailure(evidence)) return;
    const { next, ask } = reconsider(this.state.doubt, evidence, { mode, roundMs }, now);
    this.move(next, now);
    if (ask) void this.ask();
  }

  private evidence(now: number, roundMs: number): Evidence {
    for (const [id, { at, generation }] of this.troubled) {
      const record = this.state.members.get(id)?.record;
      const isOver = Math.abs(now - at) > roundMs + CHECK_MS;
      if (isOver || record?.generation !== generation) this.troubled.delete(id);
    }
    let well = 0;
    let troubled = 0;
    for (const { record } of this.state.members.values()) {
      if (record.lifecycle.state !== 'active' && record.lifecycle.state !== 'standby') continue;
      const isTroubled = this.troubled.has(record.registration.id);
      if (isTroubled) troubled++;
      if (isTroubled || isWell(record.health)) well++;
    }
    return { well, troubled };
  }

  /** One round of the slowest: what fails in it fails at the same time. */
  private roundMs(): number {
    let longest = 1_000;
    for (const { record } of this.state.members.values())
      if (record.registration.healthCheck) longest = Math.max(longest, this.state.intervalMs(record));
    return longest;
  }

  private async ask(): Promise<void> {
    const testimony = await this.ports.askWitness().catch((error: unknown): CanaryVerdict => {
      // Whoever cannot be asked is not seen either.
      console.error(JSON.stringify({ message: 'no witness reached', type: this.state.type, error: String(error) }));
      return 'unseen';
    });
    const now = Date.now();
    this.move(applyCanaryVerdict(this.state.doubt, testimony, this.state.config.selfDoubt, now), now);
    this.ports.settle(now);
  }

  /** Goes on from what was concluded: tells it, puts back what was counted too soon, ends what was held. */
  private move(next: SelfDoubt, now: number): void {
    const before = this.state.doubt;
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
    const records = isNew && next.kind === 'doubting' ? this.putBack(outbox, now) : [];
    this.state.commit({ doubt: next, records, outbox, visible: records.length > 0 }, now);
    if (next.kind !== 'asking') this.release(now);
    if (outbox.length > 0) this.ports.settle(now);
  }

  /** Those that were found to have failed before most of the others were. */
  private putBack(outbox: OutboxDraft[], now: number): ComponentRecord[] {
    return Array.from(this.troubled).flatMap(([id, { before }]): ComponentRecord[] => {
      const record = this.state.members.get(id)?.record;
      if (!record) return [];
      if (isWell(record.health)) return record.health.suspect ? [unsuspected(record)] : [];
      const restored = { ...record, health: { ...before, suspect: false } };
      const data = { from: record.health.status, to: before.status, reason: 'kept: most of the type seems to fail' };
      outbox.push(componentEvent('component.health-changed', restored, data, this.state.draftContext(restored, now)));
      return [restored];
    });
  }

  private hold(signal: MemberSignal, now: number): void {
    this.held.push({ signal, at: now });
    const { member } = signal;
    member.nextCheckAt = Math.max(member.nextCheckAt, this.state.nextRound(member, now));
  }

  private keep({ member }: MemberSignal, now: number): void {
    member.record = unsuspected(member.record);
    member.nextCheckAt = Math.max(member.nextCheckAt, this.state.nextRound(member, now));
    for (const resolve of member.waiting.splice(0)) resolve(INCONCLUSIVE);
  }

  /** What waited for the witness: counted now, or never. */
  private release(now: number): void {
    const held = this.held.splice(0).filter((each) => this.isCurrent(each));
    if (trustIn(this.state.doubt) === 'keep') for (const { signal } of held) this.keep(signal, now);
    else if (held.length > 0)
      this.ports.judge(
        held.map(({ signal }) => signal),
        now,
      );
  }

  /** Nothing newer is known of it. */
  private isCurrent({ signal: { member }, at }: Held): boolean {
    const { registration, health } = member.record;
    const isKnown = this.state.members.get(registration.id) === member;
    return isKnown && this.troubled.has(registration.id) && (health.lastCheckAt ?? 0) <= at;
  }
}

const unsuspected = (record: ComponentRecord): ComponentRecord => ({
  ...record,
  health: { ...record.health, suspect: false },
});

const isWell = ({ status }: HealthState): boolean => status === 'healthy' || status === 'degraded';
const isBad = ({ kind }: HealthSignal): boolean => kind === 'check-failed' || kind === 'heartbeat-expired';
