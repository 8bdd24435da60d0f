/**
 * The registry's side of operation: lifecycle states with their ends, switchover, removal. Every change
 * is stored with the event that tells of it.
 */
import type { ComponentRecord } from '../core/component/component-record.ts';
import type { Lifecycle, LifecycleState } from '../core/component/lifecycle.ts';
import { settledAs, whatFollows } from '../core/component/lifecycle.ts';
import { componentEvent } from './health-drafts.ts';
import { deregistrationDueAt } from './member.ts';
import type { RecoveryDesk } from './recovery-desk.ts';
import type { RegistryState } from './registry-state.ts';
import type { OutboxDraft } from './registry-store.ts';

export class LifecycleDesk {
  private readonly state: RegistryState;
  private readonly recoveries: RecoveryDesk;

  constructor(state: RegistryState, recoveries: RecoveryDesk) {
    this.state = state;
    this.recoveries = recoveries;
  }

  change(record: ComponentRecord, lifecycle: Lifecycle, now: number): void {
    if (record.lifecycle.state === lifecycle.state && record.lifecycle.until === lifecycle.until) return;
    const next = { ...record, lifecycle };
    this.state.commit(
      { records: [next], outbox: [this.changed(next, record.lifecycle.state, now)], visible: true },
      now,
    );
  }

  /** Ends every state whose time is over, and removes what has been down for as long as its owner allowed. */
  expire(now: number): void {
    for (const { record } of this.state.members.values()) {
      const follows = whatFollows(record.lifecycle, now);
      if (follows === 'removed' || now >= deregistrationDueAt(record)) this.remove(record, now);
      else if (follows) this.change(record, settledAs(follows), now);
    }
  }

  remove(record: ComponentRecord, now: number): void {
    const data = { claim: record.claim, type: record.registration.type };
    const event = componentEvent('component.unregistered', record, data, this.state.draftContext(record, now));
    const outbox = [event, ...this.recoveries.abandon(record, 'removed')];
    this.state.commit({ removed: [record.registration.id], outbox, visible: true }, now);
  }

  /**
   * Lets the best standby take over from a failed component; answers it, or undefined when there is none.
   * Both change in one transaction, with a note in the recovery that it has been done.
   */
  switchOver(failed: ComponentRecord, now: number): ComponentRecord | undefined {
    const standby = this.standbyFor(failed);
    const active = failed.recovery.active;
    if (!standby || !active) return undefined;
    const promoted = { ...standby, lifecycle: settledAs('active') };
    const recovery = { ...failed.recovery, active: { ...active, promoted: standby.registration.id } };
    const demoted = { ...failed, lifecycle: settledAs('standby'), recovery };
    const outbox = [
      this.changed(promoted, standby.lifecycle.state, now),
      this.changed(demoted, failed.lifecycle.state, now),
    ];
    this.state.commit({ records: [promoted, demoted], outbox, visible: true }, now);
    return promoted;
  }

  /** A healthy standby that can do all that `failed` does. */
  standbyFor(failed: ComponentRecord): ComponentRecord | undefined {
    const wanted = failed.registration.capabilities.supportedTaskTypes;
    return Array.from(this.state.members.values(), (member) => member.record).find(
      ({ lifecycle, health, registration }) =>
        lifecycle.state === 'standby' &&
        health.status === 'healthy' &&
        registration.id !== failed.registration.id &&
        wanted.every((task) => registration.capabilities.supportedTaskTypes.includes(task)),
    );
  }

  private changed(record: ComponentRecord, from: LifecycleState, now: number): OutboxDraft {
    const { state, until } = record.lifecycle;
    const data = { from, to: state, until };
    return componentEvent('component.lifecycle-changed', record, data, this.state.draftContext(record, now));
  }
}
