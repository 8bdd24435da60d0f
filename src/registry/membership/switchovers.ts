/**
 * Switchovers that an operator requests: a standby takes over from a component that need not have failed, and back.
 * Invariant: a repeated request changes nothing.
 */
import type { Actor } from '../../core/access/actor.ts';
import type { ComponentRecord } from '../../core/component/component-record.ts';
import { isBeingRemoved } from '../../core/component/lifecycle.ts';
import type { Lifecycle } from '../../core/component/lifecycle.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { Lifecycles } from './lifecycles.ts';
import type { Member } from '../state/member.ts';
import { lifecycleNote } from './operator-actions.ts';
import type { NotAccessible } from '../contract/registry-api.ts';
import type { RegistryState } from '../state/registry-state.ts';
import { selectStandby } from '../recovery/select-standby.ts';
import type { SwitchoverRequest, SwitchoverRefusal } from '../contract/switchover-api.ts';

export class Switchovers {
  private readonly state: RegistryState;
  private readonly lifecycles: Lifecycles;

  constructor(state: RegistryState, lifecycles: Lifecycles) {
    this.state = state;
    this.lifecycles = lifecycles;
  }

  change(
    id: string,
    { action, force }: SwitchoverRequest,
    actor: Actor | null,
    now: number,
  ): Result<Member, NotAccessible | SwitchoverRefusal> {
    const found = this.state.find(id);
    if (!found.ok) return found;
    const { record } = found.value;
    const { lifecycle } = record;
    if (isBeingRemoved(lifecycle))
      return fail('being-removed', `${id} is draining before its removal: restore it to keep it`);
    if (lifecycle.state !== 'active' && lifecycle.state !== 'standby')
      return fail('not-in-service', `${id} is ${lifecycle.state}: restore it first`);
    const noteOf = (after: Lifecycle) => actor && lifecycleNote(actor, action, [lifecycle, after]);
    const audit = { componentId: id, noteOf };
    const changed =
      action === 'switchover' ? this.switchOver(record, audit, now) : this.switchBack(record, { audit, force }, now);
    return changed.ok ? found : changed;
  }

  private switchOver(record: ComponentRecord, audit: Audit, now: number): Result<null, SwitchoverRefusal> {
    const { lifecycle, registration, recovery } = record;
    if (lifecycle.state === 'standby')
      return lifecycle.replacedBy === undefined
        ? fail('not-in-service', `${registration.id} is a standby and has nothing to hand over`)
        : ok(null);
    const standby = selectStandby(record, this.state.members);
    if (!standby) return fail('no-standby', `${this.state.type} has no healthy standby for ${registration.id}`);
    // A running recovery finds its switchover done.
    const active = recovery.active && { ...recovery.active, promoted: standby.registration.id };
    this.lifecycles.handOver({ from: { ...record, recovery: { ...recovery, active } }, to: standby, audit }, now);
    return ok(null);
  }

  private switchBack(
    record: ComponentRecord,
    { audit, force }: { audit: Audit; force: boolean },
    now: number,
  ): Result<null, SwitchoverRefusal> {
    const { lifecycle, registration, health } = record;
    const { id } = registration;
    if (lifecycle.state === 'active') return ok(null);
    if (lifecycle.replacedBy === undefined) return fail('no-takeover', `no component took over from ${id}`);
    if (health.status !== 'healthy' && !force)
      return fail('held-back', `${id} is ${health.status} and may fail to take over: set force to override`);
    const other = this.state.members.get(lifecycle.replacedBy)?.record;
    // The component that took over may be removed or replaced: then no component is demoted.
    const from = other?.lifecycle.state === 'active' ? other : null;
    this.lifecycles.handOver({ from, to: record, audit }, now);
    return ok(null);
  }
}

type Audit = NonNullable<Parameters<Lifecycles['handOver']>[0]['audit']>;
