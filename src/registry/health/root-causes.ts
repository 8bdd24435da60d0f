/**
 * Root causes of the type's components: applies the coordinator's updates about failed dependencies, and returns the
 * type's conditions for the coordinator.
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

  /** Stores updates that are newer. Returns the members whose dependencies are all available again. */
  apply(updates: readonly RootCauseUpdate[], now: number): Member[] {
    const visible: ComponentRecord[] = [];
    const invisible: ComponentRecord[] = [];
    const restored: Member[] = [];
    for (const update of updates) {
      const member = this.state.members.get(update.id);
      const rootCause = member && applyRootCauseUpdate(member.record.dependencyState, update, now);
      if (!member || !rootCause) continue;
      const { record } = member;
      const isRestored = hasFailedDependency(record.dependencyState) && !hasFailedDependency(rootCause);
      // Failures until now were the dependency's. If the component keeps failing, its failures count from now.
      const recovery = isRestored ? { ...record.recovery, settledUntil: now } : record.recovery;
      const changed = rootCause.since === record.dependencyState.since ? invisible : visible;
      changed.push({ ...record, dependencyState: rootCause, recovery });
      if (isRestored) restored.push(member);
    }
    if (visible.length > 0) this.state.commit({ records: visible, visible: true }, now);
    if (invisible.length > 0) this.state.commit({ records: invisible, visible: false }, now);
    return restored;
  }

  conditions(): TypeConditions {
    const down: string[] = [];
    const affected: [string, number][] = [];
    for (const [id, { record }] of this.state.members) {
      if (isDown(record.health.status, record.lifecycle.state)) down.push(id);
      if (hasFailedDependency(record.dependencyState)) affected.push([id, record.dependencyState.sequence]);
    }
    return { type: this.state.type, revision: this.state.revision, down, rootCauses: affected };
  }
}
