/**
 * The registry's side of operation: lifecycle states with their ends, switchover, removal. Every change
 * is stored with the event that tells of it.
 */
import type { AuditNote } from '../../core/access/audit-entry.ts';
import { backInService } from '../../core/component/back-in-service.ts';
import type { ComponentRecord } from '../../core/component/component-record.ts';
import type { Lifecycle, LifecycleState } from '../../core/component/lifecycle.ts';
import {
  lifecycleDates,
  isBeingRemoved,
  isSettled,
  setAside,
  settledAs,
  nextLifecycle,
} from '../../core/component/lifecycle.ts';
import { toIsoOrNull } from '../../core/component/resource.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { DraftContext } from '../state/component-events.ts';
import { componentEvent } from '../state/component-events.ts';
import type { Member } from '../state/member.ts';
import { deregistrationDueAt } from '../state/member.ts';
import type { Recoveries } from '../recovery/recoveries.ts';
import type { RegistryState } from '../state/registry-state.ts';
import type { OutboxDraft } from '../storage/registry-store.ts';
import { selectStandby } from '../recovery/select-standby.ts';

interface HandOver {
  readonly from: ComponentRecord | null;
  readonly to: ComponentRecord;
  /** Of whom an operator asked it. */
  readonly audit?: { readonly componentId: string; readonly noteOf: (after: Lifecycle) => AuditNote | null } | null;
}

export class Lifecycles {
  private readonly state: RegistryState;
  private readonly recoveries: Recoveries;

  constructor(state: RegistryState, recoveries: Recoveries) {
    this.state = state;
    this.recoveries = recoveries;
  }

  change(record: ComponentRecord, lifecycle: Lifecycle, now: number, audit: AuditNote | null = null): void {
    const before = record.lifecycle;
    if (before.state === lifecycle.state && before.until === lifecycle.until) return;
    const next = backInService({ ...record, lifecycle: lifecycleDates(before, lifecycle, now) }, before, now);
    const event = this.changed(next, before.state, { ...this.state.draftContext(next, now), audit });
    this.state.commit({ records: [next], outbox: [event], visible: true }, now);
    // What came back is asked how it is.
    const member = this.state.members.get(record.registration.id);
    if (member && isSettled(next.lifecycle)) member.nextCheckAt = Math.min(member.nextCheckAt, now);
  }

  /** Takes a component out of routing in the course of its recovery. */
  isolate(id: string, recoveryId: string, until: number, now: number): Result<Member, 'not-recovering'> {
    const found = this.recoveries.find(id, recoveryId);
    if (!found || found.active.cancelled) return fail('not-recovering', `${id} is not in recovery ${recoveryId}`);
    const { lifecycle } = found.member.record;
    // What is out of routing for another reason stays so for as long as that lasts.
    if (isSettled(lifecycle) || lifecycle.state === 'isolated')
      this.change(found.member.record, setAside(lifecycle, 'isolated', until), now);
    return ok(found.member);
  }

  /** Ends every state whose time is over, and removes what has been down for as long as its owner allowed. */
  expire(now: number): void {
    for (const { record } of this.state.members.values()) {
      const follows = nextLifecycle(record.lifecycle, now);
      if (follows === 'removed' || now >= deregistrationDueAt(record, this.state.sleeps)) this.remove(record, now);
      else if (follows) this.change(record, settledAs(follows), now);
    }
  }

  remove(record: ComponentRecord, now: number, audit: AuditNote | null = null): void {
    const { claim, registration } = record;
    const context = { ...this.state.draftContext(record, now), audit, claim };
    const event = componentEvent('component.unregistered', record, { type: registration.type }, context);
    const outbox = [event, ...this.recoveries.abandon(record, 'removed')];
    this.state.commit({ removed: [record.registration.id], outbox, visible: true }, now);
  }

  /** Lets the best standby take over in a recovery, once. */
  promoteStandby(
    id: string,
    recoveryId: string,
    now: number,
  ): Result<{ promoted: string }, 'not-recovering' | 'no-standby'> {
    const found = this.recoveries.find(id, recoveryId);
    if (!found) return fail('not-recovering', `${id} is not in recovery ${recoveryId}`);
    const { promoted: before, cancelled } = found.active;
    if (before === null && cancelled) return fail('not-recovering', `recovery ${recoveryId} was cancelled`);
    const promoted = before ?? this.switchOver(found.member.record, now)?.registration.id;
    return promoted === undefined
      ? fail('no-standby', `${this.state.type} has no healthy standby for ${id}`)
      : ok({ promoted });
  }

  /**
   * Lets the best standby take over from a failed component; answers it, or undefined when there is none.
   * A note in the recovery says that it has been done.
   */
  private switchOver(failed: ComponentRecord, now: number): ComponentRecord | undefined {
    const standby = selectStandby(failed, this.state.members);
    const active = failed.recovery.active;
    // Demoted by an operator meanwhile, it has nothing to hand over.
    if (!standby || !active || failed.lifecycle.state === 'standby') return undefined;
    const recovery = { ...failed.recovery, active: { ...active, promoted: standby.registration.id } };
    this.handOver({ from: { ...failed, recovery }, to: standby }, now);
    return standby;
  }

  /** One takes over from another, if there is one: both change in one transaction. */
  handOver({ from, to, audit = null }: HandOver, now: number): void {
    const records = [{ ...to, lifecycle: lifecycleDates(to.lifecycle, settledAs('active'), now) }];
    const outbox = [this.changed(records[0]!, to.lifecycle.state, this.contextOf(records[0]!, audit, now))];
    if (from) {
      const replaced = { ...settledAs('standby'), replacedBy: to.registration.id };
      // A removal that has been acknowledged is not taken back by it.
      const place = isBeingRemoved(from.lifecycle) ? from.lifecycle : replaced;
      const demoted = { ...from, lifecycle: lifecycleDates(from.lifecycle, place, now) };
      records.push(demoted);
      outbox.push(this.changed(demoted, from.lifecycle.state, this.contextOf(demoted, audit, now)));
    }
    this.state.commit({ records, outbox, visible: true }, now);
  }

  private contextOf(record: ComponentRecord, audit: HandOver['audit'], now: number): DraftContext {
    const isMeant = audit?.componentId === record.registration.id;
    return { ...this.state.draftContext(record, now), audit: isMeant ? audit.noteOf(record.lifecycle) : null };
  }

  private changed(record: ComponentRecord, from: LifecycleState, context: DraftContext): OutboxDraft {
    const { state, until, reason = null } = record.lifecycle;
    return componentEvent(
      'component.lifecycle-changed',
      record,
      { from, to: state, until: toIsoOrNull(until), reason },
      context,
    );
  }
}
