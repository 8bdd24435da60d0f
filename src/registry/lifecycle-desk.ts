/**
 * The registry's side of operation: lifecycle states with their ends, switchover, removal. Every change
 * is stored with the event that tells of it.
 */
import type { ComponentRecord } from '../core/component/component-record.ts';
import type { Lifecycle } from '../core/component/lifecycle.ts';
import { expireLifecycle } from '../core/component/lifecycle.ts';
import { eventDraft } from './health-drafts.ts';
import type { RecoveryDesk } from './recovery-desk.ts';
import type { RegistryState } from './registry-state.ts';

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
    const data = { from: record.lifecycle.state, to: lifecycle.state, until: lifecycle.until };
    const event = eventDraft('component.lifecycle-changed', next, data, this.state.draftContext(next, now));
    this.state.commit({ records: [next], outbox: [event], visible: true }, now);
  }

  /** Ends every state whose time is over. */
  expire(now: number): void {
    for (const { record } of this.state.members.values()) {
      const expired = expireLifecycle(record.lifecycle, now);
      if (expired === 'remove') this.remove(record, now);
      if (expired === 'activate') this.change(record, { state: 'active', until: null }, now);
    }
  }

  remove(record: ComponentRecord, now: number): void {
    const data = { generation: record.generation, type: record.registration.type };
    const event = eventDraft('component.unregistered', record, data, this.state.draftContext(record, now));
    const outbox = [event, ...this.recoveries.abandon(record, 'removed')];
    this.state.commit({ removed: [record.registration.id], outbox, visible: true }, now);
  }

  /** Lets the best standby take over from a failed component; answers it, or undefined when there is none. */
  switchOver(failed: ComponentRecord, now: number): ComponentRecord | undefined {
    const standby = this.standbyFor(failed);
    if (!standby) return undefined;
    this.change(standby, { state: 'active', until: null }, now);
    this.change(failed, { state: 'standby', until: null }, now);
    return standby;
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
}
