/**
 * The registry's side of heartbeats: each is stored with the time the next one is due, so that neither an
 * eviction nor a kill makes a dead component look alive or a live one dead.
 */
import { fail, ok } from '../../core/result.ts';
import type { MemberSignal } from '../state/member-signal.ts';
import type { Member } from '../state/member.ts';
import type { HeartbeatInput, HeartbeatResult } from '../contract/registry-api.ts';
import type { RegistryState } from '../state/registry-state.ts';

/** Also the pace at which a component that stays down is written down. */
const REMIND_MS = 60_000;

export class Heartbeats {
  private readonly state: RegistryState;

  constructor(state: RegistryState) {
    this.state = state;
  }

  /** Stores the heartbeats, has `observe` judge what they mean, and answers each. */
  take(beats: readonly HeartbeatInput[], observe: (signals: MemberSignal[]) => void, now: number): HeartbeatResult[] {
    const refusals = beats.map((beat) => this.refuse(beat));
    const signals = beats.flatMap((beat, at) => (refusals[at] ? [] : [this.store(beat, now)]));
    observe(signals);
    return beats.map(({ id }, at) => refusals[at] ?? this.receipt(id, now));
  }

  /** From now on the component has one TTL to be heard of; a registration counts as a sign of life. */
  expectNext(member: Member, now: number): void {
    const { registration, load } = member.record;
    const ttl = registration.heartbeat?.ttl;
    member.heartbeatDueAt = ttl === undefined ? null : now + ttl;
    member.excused = false;
    if (ttl === undefined) this.state.store.dropHeartbeat(registration.id);
    else this.state.store.saveHeartbeat(registration.id, { dueAt: now + ttl, load: load.reported });
  }

  /** Signals of components not heard of in time, again each minute while they are silent. */
  expire(now: number): MemberSignal[] {
    return Array.from(this.state.members.values()).flatMap((member): MemberSignal[] => {
      if (member.heartbeatDueAt === null || now < member.heartbeatDueAt) return [];
      // Said again while it lasts: a recovery that was refused once must get another chance.
      member.heartbeatDueAt = now + REMIND_MS;
      const ttlMs = member.record.registration.heartbeat?.ttl ?? 0;
      return [{ member, signal: { kind: 'heartbeat-expired', ttlMs }, ended: null }];
    });
  }

  /** We slept and could not hear anybody: who is overdue has one more TTL, once until it is heard of. */
  excuse(now: number): void {
    for (const member of this.state.members.values()) {
      const { registration, health } = member.record;
      const isOverdue = member.heartbeatDueAt !== null && member.heartbeatDueAt <= now;
      if (!isOverdue || member.excused || health.heartbeatStatus === 'unhealthy') continue;
      member.heartbeatDueAt = now + registration.heartbeat!.ttl;
      member.excused = true;
    }
  }

  /** After the clock went back nobody has longer to be heard of than from now. */
  clamp(now: number): void {
    for (const member of this.state.members.values()) {
      const ttl = member.record.registration.heartbeat?.ttl ?? 0;
      if (member.heartbeatDueAt !== null && member.heartbeatDueAt > now + Math.max(ttl, REMIND_MS))
        member.heartbeatDueAt = now + ttl;
    }
  }

  private refuse({ id, only }: HeartbeatInput): HeartbeatResult | null {
    const found = this.state.find(id, only);
    if (!found.ok) return found;
    if (found.value.record.registration.heartbeat) return null;
    return fail('heartbeat-not-declared', `${id} registered no heartbeat.ttl`);
  }

  private store(beat: HeartbeatInput, now: number): MemberSignal {
    const member = this.state.members.get(beat.id)!;
    if (beat.load) {
      member.record = { ...member.record, load: { ...member.record.load, reported: beat.load } };
      this.state.moved.add(beat.id);
    }
    this.expectNext(member, now);
    return { member, signal: { kind: 'heartbeat', status: beat.status }, ended: null };
  }

  private receipt(id: string, now: number): HeartbeatResult {
    const { health, registration } = this.state.members.get(id)!.record;
    return ok({ status: health.status, expiresAt: now + (registration.heartbeat?.ttl ?? 0) });
  }
}
