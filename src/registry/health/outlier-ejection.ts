/**
 * The registry's side of passive detection: counts what callers and leases tell of work, ejects who fails at it
 * while enough others are left, and lets it back in when its time is over.
 *
 * Counts are in memory; an ejection is stored with its event.
 */
import type { EjectionState, WorkDone } from '../../core/health/ejection.ts';
import { eject, isOver, mayEject, noteWork, endEjection, whyEject } from '../../core/health/ejection.ts';
import { toIso } from '../../core/component/resource.ts';
import type { EventType } from '../../core/event/coordinator-event.ts';
import type { JsonObject } from '../../core/json.ts';
import { isRoutable } from '../state/component-views.ts';
import { componentEvent } from '../state/component-events.ts';
import type { Member } from '../state/member.ts';
import type { RegistryState } from '../state/registry-state.ts';

/** What is told of the work of one member. */
export interface MemberOutcomes {
  readonly member: Member;
  readonly work: WorkDone;
}

export class OutlierEjection {
  private readonly state: RegistryState;

  constructor(state: RegistryState) {
    this.state = state;
  }

  /** Takes in what is told of work; true when somebody was ejected. */
  take(told: readonly MemberOutcomes[], now: number): boolean {
    const outliers = told.filter(({ member, work }) => this.isOutlierAfter(member, work, now));
    if (outliers.length === 0) return false;
    // Told twice in one call it is ejected once.
    const members = new Set(outliers.map(({ member }) => member));
    let { ejected, routable } = this.count();
    let any = false;
    for (const member of members) {
      if (!isRoutable(member.record) || !mayEject(ejected, routable)) continue;
      this.eject(member, now);
      ejected++;
      any = true;
    }
    return any;
  }

  /** Lets in again those whose time is over; true when there were any. */
  expire(now: number): boolean {
    const over = Array.from(this.state.members.values()).filter(({ record }) => isOver(record.health.ejection, now));
    for (const member of over) {
      const ejection = endEjection(member.record.health.ejection, now);
      this.change(member, ejection, 'component.readmitted', {}, now);
    }
    return over.length > 0;
  }

  private isOutlierAfter(member: Member, work: WorkDone, now: number): boolean {
    const { health } = member.record;
    const ejection = noteWork(health.ejection, work, now);
    if (ejection === health.ejection) return false;
    member.record = { ...member.record, health: { ...health, ejection } };
    return whyEject(ejection, this.state.configFor(member.record.registration.id), now) !== null;
  }

  private eject(member: Member, now: number): void {
    const { ejection } = member.record.health;
    const config = this.state.configFor(member.record.registration.id);
    const why = whyEject(ejection, config, now)!;
    const next = eject(ejection, why, config, now);
    const data = { reason: why, ejectedUntil: toIso(next.until!), times: next.times };
    this.change(member, next, 'component.ejected', data, now);
  }

  private change({ record }: Member, ejection: EjectionState, type: EventType, data: JsonObject, now: number): void {
    const next = { ...record, health: { ...record.health, ejection } };
    const event = componentEvent(type, next, data, this.state.draftContext(next, now));
    this.state.commit({ records: [next], outbox: [event], visible: true }, now);
  }

  private count(): { ejected: number; routable: number } {
    let ejected = 0;
    let routable = 0;
    for (const { record } of this.state.members.values()) {
      if (!isRoutable(record)) continue;
      routable++;
      if (record.health.ejection.until !== null) ejected++;
    }
    return { ejected, routable };
  }
}
