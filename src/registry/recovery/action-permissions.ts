/**
 * Permits or refuses the next action of a recovery. Before a disruptive action, the component is checked once more: a
 * component that answers again is not restarted.
 */
import type { ComponentRecord } from '../../core/component/component-record.ts';
import { hasFailedDependency } from '../../core/component/root-cause.ts';
import type { ActionPermission } from '../contract/recovery-api.ts';
import type { ProbeResult } from '../contract/registry-api.ts';
import type { Member } from '../state/member.ts';
import type { RegistryState } from '../state/registry-state.ts';
import type { Recoveries } from './recoveries.ts';
import { actionHold } from './recovery-guard.ts';

export interface ActionPermissionsDeps {
  readonly state: RegistryState;
  readonly recoveries: Recoveries;
  /** Checks the component now, or joins its running check. */
  readonly checkNow: (member: Member) => Promise<ProbeResult['outcome']>;
}

export class ActionPermissions {
  private readonly deps: ActionPermissionsDeps;

  constructor(deps: ActionPermissionsDeps) {
    this.deps = deps;
  }

  /** A recovery that has a slot keeps it. A repeated call may give another answer, but takes no second slot. */
  async permit(id: string, recoveryId: string, disruptive: boolean, clock: () => number): Promise<ActionPermission> {
    const first = this.judge(id, recoveryId, disruptive, clock());
    const found = this.deps.recoveries.find(id, recoveryId);
    if (first !== 'permitted' || !disruptive || !found || found.active.order.requestedAction) return first;
    if (isRefutable(found.member.record)) {
      const outcome = await this.deps.checkNow(found.member);
      if (outcome === 'passed') return 'answering';
      if (outcome === 'inconclusive') return 'too-many';
    }
    // Another recovery may have taken the slot during the check.
    const last = this.judge(id, recoveryId, disruptive, clock());
    if (last === 'permitted') this.deps.recoveries.noteDisruption(id, recoveryId, clock());
    return last;
  }

  private judge(id: string, recoveryId: string, disruptive: boolean, now: number): ActionPermission {
    const { state, recoveries } = this.deps;
    const found = recoveries.find(id, recoveryId);
    if (!found || found.active.cancelled) return 'not-recovering';
    const { member, active } = found;
    // An operator's request was judged when it arrived.
    if (active.order.requestedAction) return 'permitted';
    if (hasFailedDependency(member.record.dependencyState)) return 'dependency-failed';
    const hold = actionHold(state, member.record, disruptive, now);
    if (hold === 'frozen') return hold;
    // A restart at the deadline could not be proven, and its recovery would not wait for it.
    if (disruptive && now >= active.order.deadline) return 'overdue';
    if (hold) return 'too-many';
    const hasSlot = !disruptive || active.disruptive || recoveries.slots.isNext(member.record, active.order, now);
    return hasSlot ? 'permitted' : 'too-many';
  }
}

/**
 * True if a passed check shows that the component needs no action. Not so if callers reported its failure although its
 * checks passed, or if the component says of itself that it is unhealthy.
 */
const isRefutable = ({ registration, health, recovery }: ComponentRecord): boolean =>
  registration.healthCheck !== undefined && !recovery.active?.checksPassed && health.heartbeatStatus !== 'unhealthy';
