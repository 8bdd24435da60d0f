/**
 * Outlier ejection, the passive health check: counts work outcomes from callers and leases. Ejects components that
 * fail, while enough others remain, and readmits them when the ejection expires.
 *
 * Invariant: an ejection is stored together with its event. Counts live in memory only.
 */
import type { EjectionState, WorkCounts } from '../../core/health/outlier-ejection.ts';
import {
  eject,
  hasEjectionExpired,
  mayEject,
  recordWork,
  endEjection,
  ejectionReason,
} from '../../core/health/outlier-ejection.ts';
import { toIso } from '../../core/component/resource.ts';
import type { EventType } from '../../core/event/coordinator-event.ts';
import type { JsonObject } from '../../core/json.ts';
import { isRoutable } from '../state/component-views.ts';
import { componentEvent } from '../state/component-events.ts';
import type { Member } from '../state/member.ts';
import type { RegistryState } from '../state/registry-state.ts';

/** Reported work outcomes of one member. */
export interface MemberOutcomes {
  readonly member: Member;
  readonly work: WorkCounts;
}

export class OutlierEjection {
  private readonly state: RegistryState;

  constructor(state: RegistryState) {
    this.state = state;
  }

  /** Applies reported outcomes. Returns true if any component was ejected. */
  apply(outcomes: readonly MemberOutcomes[], now: number): boolean {
    const outliers = outcomes.filter(({ member, work }) => this.isOutlierAfter(member, work, now));
    if (outliers.length === 0) return false;
    // A component that is reported twice in one call is ejected once.
    const members = new Set(outliers.map(({ member }) => member));
    const { routable } = this.state.counts;
    let hasEjected = false;
    for (const member of members) {
      if (!isRoutable(member.record) || !mayEject(this.state.counts.ejected, routable)) continue;
      this.eject(member, now);
      hasEjected = true;
    }
    return hasEjected;
  }

  /** Readmits components whose ejection has expired. Returns true if there were any. */
  expire(now: number): boolean {
    const expired = this.state.due(now).filter(({ record }) => hasEjectionExpired(record.health.ejection, now));
    for (const member of expired) {
      const ejection = endEjection(member.record.health.ejection, now);
      this.saveEjection(member, ejection, 'component.readmitted', {}, now);
    }
    return expired.length > 0;
  }

  private isOutlierAfter(member: Member, work: WorkCounts, now: number): boolean {
    const { health } = member.record;
    const ejection = recordWork(health.ejection, work, now);
    if (ejection === health.ejection) return false;
    member.record = { ...member.record, health: { ...health, ejection } };
    return ejectionReason(ejection, this.state.configFor(member.record.registration.id), now) !== null;
  }

  private eject(member: Member, now: number): void {
    const { ejection } = member.record.health;
    const config = this.state.configFor(member.record.registration.id);
    const reason = ejectionReason(ejection, config, now)!;
    const next = eject(ejection, reason, config, now);
    const data = { reason, ejectedUntil: toIso(next.until!), ejectionCount: next.times };
    this.saveEjection(member, next, 'component.ejected', data, now);
  }

  private saveEjection(
    { record }: Member,
    ejection: EjectionState,
    type: EventType,
    data: JsonObject,
    now: number,
  ): void {
    const next = { ...record, health: { ...record.health, ejection } };
    const event = componentEvent(type, next, data, this.state.draftContext(next, now));
    this.state.commit({ records: [next], outbox: [event], visible: true }, now);
  }
}
