/**
 * The registry's side of dependencies: takes over what the coordinator tells of them, and tells it how the
 * type's components stand.
 */
import type { ComponentRecord } from '../../core/component/component-record.ts';
import { hasFailedDependency, applyRootCauseUpdate } from '../../core/component/root-cause.ts';
import type { RootCauseUpdate, TypeConditions } from '../../core/health/root-cause-update.ts';
import { isDown } from '../../core/health/effective-status.ts';
import type { Member } from '../state/member.ts';
import type { RegistryState } from '../state/registry-state.ts';

export class RootCauses {
  private readonly state: RegistryState;

  constructor(state: RegistryState) {
    this.state = state;
  }

  /** Stores what is news; answers the members whose dependencies are all back. */
  take(turns: readonly RootCauseUpdate[], now: number): Member[] {
    const seen: ComponentRecord[] = [];
    const unseen: ComponentRecord[] = [];
    const freed: Member[] = [];
    for (const turn of turns) {
      const member = this.state.members.get(turn.id);
      const shadow = member && applyRootCauseUpdate(member.record.shadow, turn, now);
      if (!member || !shadow) continue;
      const { record } = member;
      const isFreed = hasFailedDependency(record.shadow) && !hasFailedDependency(shadow);
      // What failed meanwhile was not its own failure: should it go on, it is counted from now.
      const recovery = isFreed ? { ...record.recovery, settledUntil: now } : record.recovery;
      const changed = shadow.since === record.shadow.since ? unseen : seen;
      changed.push({ ...record, shadow, recovery });
      if (isFreed) freed.push(member);
    }
    if (seen.length > 0) this.state.commit({ records: seen, visible: true }, now);
    if (unseen.length > 0) this.state.commit({ records: unseen, visible: false }, now);
    return freed;
  }

  conditions(): TypeConditions {
    const down: string[] = [];
    const shadows: [string, number][] = [];
    for (const [id, { record }] of this.state.members) {
      if (isDown(record.health.status, record.lifecycle.state)) down.push(id);
      if (hasFailedDependency(record.shadow)) shadows.push([id, record.shadow.sequence]);
    }
    return { type: this.state.type, revision: this.state.revision, down, shadows };
  }
}
