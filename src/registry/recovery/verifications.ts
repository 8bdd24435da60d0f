/**
 * The waits for proof of a type's recoveries: begins them, counts proof from health signals, and ends those whose time
 * has expired.
 *
 * Invariant: the registry's own lateness proves nothing. A wait ends without proof only after a check in it failed, or
 * at the deadline of the recovery.
 */
import type { ActiveRecovery, ComponentRecord } from '../../core/component/component-record.ts';
import { withActive } from '../../core/component/component-record.ts';
import { liftDrill } from '../../core/drill/drill.ts';
import type { HealthSignal } from '../../core/health/observe-health.ts';
import type { OutboxDraft } from '../storage/registry-store.ts';
import type { RegistryState } from '../state/registry-state.ts';
import { signalDraft } from './recovery-signals.ts';
import type { Recoveries } from './recoveries.ts';

/** Time for one check in a wait for proof, ms: one check a second, and its response. */
const MS_PER_CHECK = 2_000;
/** Extension of a wait in which no check has decided anything, ms. */
const EXTENSION_MS = 5_000;

export class Verifications {
  private readonly state: RegistryState;
  private readonly recoveries: Recoveries;

  constructor(state: RegistryState, recoveries: Recoveries) {
    this.state = state;
    this.recoveries = recoveries;
  }

  /** Begins a wait of `durationMs`. Returns false if the recovery has ended. A repeated call changes nothing. */
  begin(id: string, recoveryId: string, position: number, durationMs: number, now: number): boolean {
    const found = this.recoveries.find(id, recoveryId);
    if (!found || found.active.cancelled) return false;
    const { member, active } = found;
    // A repeated step must not restart the proof.
    if (active.verification?.position === position) return true;
    const minimumMs = MS_PER_CHECK * this.state.configFor(id).healthyThreshold;
    const until = Math.min(now + Math.max(durationMs, minimumMs), active.order.deadline);
    const verification = { position, since: now, until, successes: 0 };
    // The action is supposed to end the failure, so it also ends the injected failure of a drill.
    this.recoveries.saveActive(liftDrill(member.record, now), { ...active, verification }, [], now);
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
    // A component that goes on failing changes nothing, so its probes each second store nothing.
    if (successes === verification.successes) return null;
    if (successes < this.state.configFor(record.registration.id).healthyThreshold) {
      return { record: withActive(record, { ...active, verification: { ...verification, successes } }), outbox: [] };
    }
    return {
      record: withActive(record, { ...active, verification: null }),
      outbox: [signalDraft(record, active, verification.position, 'healthy')],
    };
  }

  /** After downtime: continues the waits, because no check could prove anything in that time. */
  resume(unobservedMs: number, now: number): void {
    for (const { record } of this.state.members.values()) {
      const { active } = record.recovery;
      if (!active?.verification || active.verification.until <= now - unobservedMs) continue;
      const until = Math.min(active.verification.until + unobservedMs, active.order.deadline);
      this.recoveries.saveActive(record, { ...active, verification: { ...active.verification, until } }, [], now);
    }
  }

  /** Ends waits whose time has expired, so that the next action is due. */
  expire(now: number): void {
    for (const { record } of this.state.due(now)) {
      const active = record.recovery.active;
      if (!active?.verification || now < active.verification.until) continue;
      const { verification, order } = active;
      if (now < order.deadline && isUndecided(record, active)) {
        const until = Math.min(now + EXTENSION_MS, order.deadline);
        this.recoveries.saveActive(record, { ...active, verification: { ...verification, until } }, [], now);
      } else {
        const outbox = [signalDraft(record, active, verification.position, 'unproven')];
        this.recoveries.saveActive(record, { ...active, verification: null }, outbox, now);
      }
    }
  }
}

/** True if no check of the wait has failed last: none has ended, or the proof has begun. */
const isUndecided = ({ registration, health }: ComponentRecord, { verification }: ActiveRecovery): boolean =>
  registration.healthCheck !== undefined &&
  (verification!.successes > 0 || (health.lastCheckAt ?? 0) < verification!.since);
