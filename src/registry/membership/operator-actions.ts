/**
 * Operator actions on a component: drain, maintain, isolate, restore. Taking a component out of service cancels its
 * running recovery, because no recovery may begin for a component that is out of service.
 */
import type { Actor } from '../../core/access/actor.ts';
import type { AuditNote } from '../../core/access/audit-entry.ts';
import type { Lifecycle } from '../../core/component/lifecycle.ts';
import type { Operation, OperationName, SwitchName } from '../../core/component/lifecycle-operation.ts';
import { applyOperation } from '../../core/component/lifecycle-operation.ts';
import { toIsoOrNull } from '../../core/component/resource.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Result } from '../../core/result.ts';
import { ok } from '../../core/result.ts';
import type { Lifecycles } from './lifecycles.ts';
import type { Member } from '../state/member.ts';
import type { Recoveries } from '../recovery/recoveries.ts';
import type { NotAccessible } from '../contract/registry-api.ts';
import type { RegistryState } from '../state/registry-state.ts';

export class OperatorActions {
  private readonly state: RegistryState;
  private readonly lifecycles: Lifecycles;
  private readonly recoveries: Recoveries;

  constructor(state: RegistryState, lifecycles: Lifecycles, recoveries: Recoveries) {
    this.state = state;
    this.lifecycles = lifecycles;
    this.recoveries = recoveries;
  }

  operate(
    id: string,
    operation: Operation,
    actor: Actor | null,
    now: number,
  ): Result<Member, NotAccessible | 'being-removed'> {
    const found = this.state.find(id);
    if (!found.ok) return found;
    const member = found.value;
    const { lifecycle, registration, recovery } = member.record;
    const decided = applyOperation(lifecycle, registration.role, operation, now);
    if (!decided.ok) return decided;
    if (!decided.value) return ok(member);
    if (recovery.active && operation.action !== 'restore')
      this.recoveries.cancel(id, recovery.active.order.recoveryId, actor, now);
    const audit = actor && lifecycleNote(actor, operation.action, [lifecycle, decided.value]);
    this.lifecycles.change(member.record, decided.value, now, audit);
    return ok(member);
  }
}

/** Audit note on a lifecycle change by an operator. */
export const lifecycleNote = (
  actor: Actor,
  action: OperationName | SwitchName,
  [before, after]: readonly [Lifecycle, Lifecycle],
): AuditNote => ({
  actor,
  action: `component.${action}`,
  before: auditView(before),
  after: auditView(after),
});

const auditView = ({ state, until, reason }: Lifecycle): JsonObject => ({
  lifecycle: state,
  lifecycleUntil: toIsoOrNull(until),
  reason: reason ?? null,
});
