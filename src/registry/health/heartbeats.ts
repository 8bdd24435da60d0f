/**
 * The heartbeats of all members. Each one is stored with the due time of the next, before it is acknowledged. An
 * eviction or a kill therefore never makes a dead component look alive, or a live one dead.
 */
import { reportLoad } from '../../core/component/load.ts';
import { silenceLimitMs } from '../../core/health/heartbeat-deadline.ts';
import { ok } from '../../core/result.ts';
import type { MemberSignal } from '../state/member-signal.ts';
import type { Member } from '../state/member.ts';
import type { HeartbeatInput, HeartbeatResult } from '../contract/registry-api.ts';
import type { RegistryState } from '../state/registry-state.ts';
import { HeartbeatWriter } from './heartbeat-writer.ts';

/** Interval at which a missing heartbeat is signalled again; also the pace at which its failures are recorded. */
const REPEAT_MS = 60_000;

export class Heartbeats {
  private readonly state: RegistryState;
  private readonly writer: HeartbeatWriter;

  constructor(state: RegistryState, writer = new HeartbeatWriter(state.store.heartbeats)) {
    this.state = state;
    this.writer = writer;
  }

  /**
   * Applies the heartbeats, passes their signals to `observe`, and returns one result each, in the same order. The
   * caller waits for `written` before it acknowledges them.
   */
  apply(
    heartbeats: readonly HeartbeatInput[],
    observe: (signals: MemberSignal[]) => void,
    now: number,
  ): HeartbeatResult[] {
    const refusals = heartbeats.map((heartbeat) => this.refusalFor(heartbeat));
    const signals = heartbeats.flatMap((heartbeat, at) => (refusals[at] ? [] : this.applyOne(heartbeat, now)));
    observe(signals);
    return heartbeats.map(({ id }, at) => refusals[at] ?? this.acknowledgement(id, now));
  }

  /** Resolves once every heartbeat applied before is stored, at most 100 ms after `now` (epoch ms). */
  written(now: number): Promise<void> {
    return this.writer.written(now);
  }

  /** Starts a new TTL for the next heartbeat of these members, and stores it. A registration counts as a heartbeat. */
  expectNext(members: readonly Member[], now: number): void {
    for (const member of members) this.startTtl(member, now);
    this.writer.write();
  }

  /** Returns a signal for each overdue heartbeat, and again every minute while the component stays silent. */
  expire(now: number): MemberSignal[] {
    return this.state.due(now).flatMap((member): MemberSignal[] => {
      if (member.heartbeatDueAt === null || now < member.heartbeatDueAt) return [];
      // Repeated while the silence lasts: a recovery that was refused once must get another chance.
      member.heartbeatDueAt = now + REPEAT_MS;
      const ttlMs = member.record.registration.heartbeat?.ttl ?? 0;
      return [{ member, signal: { kind: 'heartbeat-expired', ttlMs }, ended: null }];
    });
  }

  /**
   * After time in which the registry may have read no heartbeat: gives each overdue component of `members` one more
   * TTL, at most `maxMs`, but only once until its next heartbeat.
   */
  grantGrace(members: Iterable<Member>, now: number, maxMs = Infinity): void {
    for (const member of members) {
      const { registration, health } = member.record;
      const isOverdue = member.heartbeatDueAt !== null && member.heartbeatDueAt <= now;
      if (!isOverdue || member.graceGranted || health.heartbeatStatus === 'unhealthy') continue;
      member.heartbeatDueAt = now + Math.min(silenceLimitMs(registration.heartbeat!.ttl), maxMs);
      member.graceGranted = true;
    }
  }

  /** After the clock went back: moves deadlines that are too far ahead to one TTL from now. */
  clamp(now: number): void {
    for (const member of this.state.members.values()) {
      const limitMs = silenceLimitMs(member.record.registration.heartbeat?.ttl ?? 0);
      if (member.heartbeatDueAt !== null && member.heartbeatDueAt > now + Math.max(limitMs, REPEAT_MS))
        member.heartbeatDueAt = now + limitMs;
    }
  }

  private refusalFor({ id, only }: HeartbeatInput): HeartbeatResult | null {
    const found = this.state.find(id, only);
    return found.ok ? null : found;
  }

  /**
   * Applies the load, and the status if the component registered a TTL. A status without a TTL would never end, so
   * the checks of the component decide.
   */
  private applyOne(heartbeat: HeartbeatInput, now: number): MemberSignal[] {
    const member = this.state.members.get(heartbeat.id)!;
    if (heartbeat.load) {
      member.record = { ...member.record, load: reportLoad(member.record.load, heartbeat.load) };
      this.state.changedLoads.add(heartbeat.id);
    }
    if (!member.record.registration.heartbeat) return [];
    this.startTtl(member, now);
    const { keyId } = heartbeat;
    const signal = { kind: 'heartbeat', status: heartbeat.status } as const;
    return [{ member, signal, ended: null, ...(keyId === undefined ? {} : { keyId }) }];
  }

  private startTtl(member: Member, now: number): void {
    const { registration, load } = member.record;
    const ttl = registration.heartbeat?.ttl;
    const dueAt = ttl === undefined ? null : now + silenceLimitMs(ttl);
    member.heartbeatDueAt = dueAt;
    member.graceGranted = false;
    if (dueAt !== null) this.writer.put(registration.id, { dueAt, load: load.reported });
  }

  private acknowledgement(id: string, now: number): HeartbeatResult {
    const { health, registration } = this.state.members.get(id)!.record;
    const ttlMs = registration.heartbeat?.ttl;
    return ok({ status: health.status, expiresAt: ttlMs === undefined ? null : now + ttlMs });
  }
}
