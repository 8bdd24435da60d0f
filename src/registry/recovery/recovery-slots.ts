/**
 * The slots of the recovery guard: how many components of the type are being restarted or scaled, and which recoveries
 * wait for a slot. The core decides which recovery is next (`disruption-slots.ts`).
 *
 * A slot is in use during the recovery, and until `DISRUPTION_MS` after the last call to a control endpoint: a restart
 * goes on although its recovery has ended. Owns the waiting recoveries, in memory: each asks again every 5 s.
 */
import type { ComponentRecord } from '../../core/component/component-record.ts';
import type { SlotClaim, SlotsInUse } from '../../core/failure/disruption-slots.ts';
import { isNextInLine } from '../../core/failure/disruption-slots.ts';
import { hasGoodChecks } from '../../core/failure/failure-count.ts';
import type { RegistryState } from '../state/registry-state.ts';

/** Time for a restart to show its effect, ms: the default wait for proof. */
const DISRUPTION_MS = 60_000;
/** A recovery that has not asked for so long no longer waits, ms. */
const FORGOTTEN_AFTER_MS = 12_000;

interface Waiting extends SlotClaim {
  readonly requestedAt: number;
}

/** The place of a new recovery in front of the guard. */
export interface GuardPlace {
  /** Components of the type that may be restarted or scaled at once. */
  readonly limit: number;
  readonly inUse: number;
  readonly waiting: number;
}

export class RecoverySlots {
  private readonly state: RegistryState;
  private readonly waiting = new Map<string, Waiting>();

  constructor(state: RegistryState) {
    this.state = state;
  }

  /** Returns true if the recovery may take a slot now. Otherwise the recovery waits in line. */
  isNext(
    record: ComponentRecord,
    { recoveryId, startedAt }: { recoveryId: string; startedAt: number },
    now: number,
  ): boolean {
    const claim = { recoveryId, isProven: hasProvenNeed(record), since: startedAt };
    this.waiting.set(recoveryId, { ...claim, requestedAt: now });
    const isNext = isNextInLine(claim, this.inUse(now), this.stillWaiting(now), this.limit);
    if (isNext) this.waiting.delete(recoveryId);
    return isNext;
  }

  /** Returns true if a recovery with a proven need that began at `now` would get a slot at once. */
  isFree(now: number): boolean {
    const claim = { recoveryId: '', isProven: true, since: now };
    return isNextInLine(claim, this.inUse(now), this.stillWaiting(now), this.limit);
  }

  place(now: number): GuardPlace {
    const { proven, unproven } = this.inUse(now);
    return { limit: this.limit, inUse: proven + unproven, waiting: this.stillWaiting(now).length };
  }

  /** While most of the type has failed and no canary can explain it, the limit is one. */
  private get limit(): number {
    const { selfDoubt, members } = this.state;
    return selfDoubt.kind === 'unwitnessed' ? 1 : Math.max(1, Math.floor(members.size / 3));
  }

  private inUse(now: number): SlotsInUse {
    let proven = 0;
    let unproven = 0;
    for (const { record } of this.state.members.values()) {
      const { active, disruption } = record.recovery;
      if (!active?.disruptive && !(disruption && now < disruption.at + DISRUPTION_MS)) continue;
      if (disruption?.isProven === false) unproven++;
      else proven++;
    }
    return { proven, unproven };
  }

  private stillWaiting(now: number): Waiting[] {
    for (const [recoveryId, { requestedAt }] of this.waiting)
      if (Math.abs(now - requestedAt) > FORGOTTEN_AFTER_MS) this.waiting.delete(recoveryId);
    return Array.from(this.waiting.values());
  }

  /** A recovery that has ended waits no longer. */
  leave(recoveryId: string): void {
    this.waiting.delete(recoveryId);
  }
}

/**
 * False while the component works by its checks, or by its heartbeats if it has no check. Then only callers, or its own
 * word, say that it needs a recovery.
 */
export function hasProvenNeed(record: ComponentRecord): boolean {
  const { registration, health } = record;
  if (registration.healthCheck) return !hasGoodChecks(record);
  if (health.heartbeatStatus === 'unhealthy') return health.lastTransition?.sample?.code !== 'REPORTED_UNHEALTHY';
  return health.heartbeatStatus === 'unknown';
}
