/**
 * Lifecycle changes in the registry: states and their expiry, handover to a standby, removal.
 * Invariant: every change is stored in one transaction with its event.
 */
import type { AuditNote } from '../../core/access/audit-entry.ts';
import { backInService } from '../../core/component/back-in-service.ts';
import type { ComponentRecord } from '../../core/component/component-record.ts';
import type { Lifecycle, LifecycleState } from '../../core/component/lifecycle.ts';
import {
  withLifecycleDates,
  isBeingRemoved,
  isSettled,
  takeOutOfService,
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
  /** Audit note on the component that an operator named; null without an operator. */
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
    const next = backInService({ ...record, lifecycle: withLifecycleDates(before, lifecycle, now) }, before, now);
    const event = this.changed(next, before.state, { ...this.state.draftContext(next, now), audit });
    this.state.commit({ records: [next], outbox: [event], visible: true }, now);
    // A component that returns to service is checked at once.
    const member = this.state.members.get(record.registration.id);
    if (member && isSettled(next.lifecycle)) member.nextCheckAt = Math.min(member.nextCheckAt, now);
  }

  /** Takes a component out of routing in the course of its recovery. */
  isolate(id: string, recoveryId: string, until: number, now: number): Result<Member, 'not-recovering'> {
    const found = this.recoveries.find(id, recoveryId);
    if (!found || found.active.cancelled) return fail('not-recovering', `${id} is not in recovery ${recoveryId}`);
    const { lifecycle } = found.member.record;
    // A component that is out of routing for another reason stays so until that ends.
    if (isSettled(lifecycle) || lifecycle.state === 'isolated')
      this.change(found.member.record, takeOutOfService(lifecycle, 'isolated', until), now);
    return ok(found.member);
  }

  /** Ends every expired state, and removes components that were down for as long as their owner allowed. */
  expire(now: number): void {
    for (const { record } of this.state.due(now)) {
      const next = nextLifecycle(record.lifecycle, now);
      if (next === 'removed' || now >= deregistrationDueAt(record, this.state.downtime)) this.remove(record, now);
      else if (next) this.change(record, settledAs(next), now);
    }
  }

  remove(record: ComponentRecord, now: number, audit: AuditNote | null = null): void {
    const { claim, registration } = record;
    const context = { ...this.state.draftContext(record, now), audit, claim };
    const event = componentEvent('component.unregistered', record, { type: registration.type }, context);
    const outbox = [event, ...this.recoveries.abandon(record, 'removed')];
    this.state.commit({ removed: [record.registration.id], outbox, visible: true }, now);
  }

  /** Hands over to the best standby, once per recovery. */
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
   * Hands over from a failed component to the best standby and records that in the recovery. Returns the standby, or
   * undefined without one.
   */
  private switchOver(failed: ComponentRecord, now: number): ComponentRecord | undefined {
    const standby = selectStandby(failed, this.state.members);
    const active = failed.recovery.active;
    // A component that an operator has demoted meanwhile has nothing to hand over.
    if (!standby || !active || failed.lifecycle.state === 'standby') return undefined;
    const recovery = { ...failed.recovery, active: { ...active, promoted: standby.registration.id } };
    this.handOver({ from: { ...failed, recovery }, to: standby }, now);
    return standby;
  }

  /** Makes `to` active and `from`, if any, its standby, in one transaction. */
  handOver({ from, to, audit = null }: HandOver, now: number): void {
    const records = [{ ...to, lifecycle: withLifecycleDates(to.lifecycle, settledAs('active'), now) }];
    const outbox = [this.changed(records[0]!, to.lifecycle.state, this.contextOf(records[0]!, audit, now))];
    if (from) {
      const replaced = { ...settledAs('standby'), replacedBy: to.registration.id };
      // A handover does not revoke an acknowledged removal.
      const place = isBeingRemoved(from.lifecycle) ? from.lifecycle : replaced;
      const demoted = { ...from, lifecycle: withLifecycleDates(from.lifecycle, place, now) };
      records.push(demoted);
      outbox.push(this.changed(demoted, from.lifecycle.state, this.contextOf(demoted, audit, now)));
    }
    this.state.commit({ records, outbox, visible: true }, now);
  }

  private contextOf(record: ComponentRecord, audit: HandOver['audit'], now: number): DraftContext {
    const isAudited = audit?.componentId === record.registration.id;
    return { ...this.state.draftContext(record, now), audit: isAudited ? audit.noteOf(record.lifecycle) : null };
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
