/**
 * Restarts and scalings that operators request. Each one is an ordinary recovery with a plan of that one action, so it
 * survives a kill, is verified and is recorded. The recovery guard applies too, but a request that it holds back fails
 * at once instead of waiting.
 */
import type { Actor } from '../../core/access/actor.ts';
import type { AuditNote } from '../../core/access/audit-entry.ts';
import type { ComponentRecord } from '../../core/component/component-record.ts';
import { controlRouteOf } from '../../core/component/control-route.ts';
import { isBeingRemoved } from '../../core/component/lifecycle.ts';
import { hasFailedDependency } from '../../core/component/root-cause.ts';
import type { RecoveryOrder } from '../../core/failure/failure-manager-api.ts';
import { OPERATOR_REQUEST } from '../../core/failure/failure-manager-api.ts';
import type { ActionHold } from '../../core/failure/recovery-preview.ts';
import type { Failure, Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { Member } from '../state/member.ts';
import type { Recoveries } from './recoveries.ts';
import { recoveryIdOf, wakeUpDraft } from './recoveries.ts';
import type { NotAccessible } from '../contract/registry-api.ts';
import { actionHold } from './recovery-guard.ts';
import type { RegistryState } from '../state/registry-state.ts';
import type { ActionRequest, ActionRefusal } from '../contract/recovery-api.ts';

export class OperatorRecoveries {
  private readonly state: RegistryState;
  private readonly recoveries: Recoveries;

  constructor(state: RegistryState, recoveries: Recoveries) {
    this.state = state;
    this.recoveries = recoveries;
  }

  /** Begins the recovery. A second request with the same idempotency key returns the order of the first. */
  async request(
    id: string,
    request: ActionRequest,
    { actor, clock }: { actor: Actor | null; clock: () => number },
  ): Promise<Result<RecoveryOrder, NotAccessible | ActionRefusal>> {
    const key = request.idempotencyKey === null ? null : `${request.action} ${request.idempotencyKey}`;
    for (;;) {
      const found = this.state.find(id);
      if (!found.ok) return found;
      const member = found.value;
      const { generation: registration, recovery } = member.record;
      const generation = recovery.generation + 1;
      const recoveryId = await recoveryIdOf(id, registration, generation);
      // Another recovery may have begun while this call waited for the digest.
      if (this.state.members.get(id) !== member || member.record.recovery !== recovery) continue;
      const known = key === null ? undefined : this.state.store.requestedActions.read(id, key);
      if (known) return ok(known);
      const refusal = this.refusalFor(member, request, clock());
      return refusal ?? ok(this.begin(member, { recoveryId, generation, key }, { request, actor }, clock()));
    }
  }

  private refusalFor({ record }: Member, { action, force }: ActionRequest, now: number): Failure<ActionRefusal> | null {
    const { registration, lifecycle, recovery, dependencyState } = record;
    const { id } = registration;
    if (isBeingRemoved(lifecycle))
      return fail('being-removed', 'the component drains before its removal; restore it to keep it');
    if (controlRouteOf(registration, this.state.config.controller, action) === null)
      return fail('no-control', `${id} has no control endpoint for ${action}, and its type has no controller`);
    if (recovery.active)
      return fail('recovery-running', `${recovery.active.order.recoveryId} is running: wait for it, or cancel it`);
    if (force) return null;
    const { rootCause } = dependencyState;
    const obstacle = hasFailedDependency(dependencyState)
      ? `failed dependencies: ${rootCause.join(', ')}`
      : this.holdMessage(record, now);
    return obstacle === null ? null : fail('held-back', `${obstacle}; force overrides`);
  }

  private holdMessage(record: ComponentRecord, now: number): string | null {
    const hold = actionHold(this.state, record, true, now);
    if (hold) return HOLD_MESSAGES[hold];
    const { inUse, limit } = this.recoveries.slots.place(now);
    return inUse < limit ? null : HOLD_MESSAGES['too-many'];
  }

  private begin(
    member: Member,
    { recoveryId, generation, key }: { recoveryId: string; generation: number; key: string | null },
    { request, actor }: { request: ActionRequest; actor: Actor | null },
    now: number,
  ): RecoveryOrder {
    const { action, reason } = request;
    const prefix = 'requested by an operator';
    const cause = {
      failureType: OPERATOR_REQUEST,
      failureId: '',
      reason: reason === null ? prefix : `${prefix}: ${reason}`,
    } as const;
    return this.recoveries.start(
      member,
      { recoveryId, generation },
      {
        cause,
        requestedAction: action,
        auditNoteFor: (order) => actor && auditNote(actor, order, request),
        alsoStore: (order) => ({
          // Starts the workflow, now or once the failure manager is available.
          outbox: [wakeUpDraft(`start:${recoveryId}`, order)],
          ...(key === null ? {} : { requestedAction: { key, order } }),
        }),
      },
      now,
    );
  }
}

const HOLD_MESSAGES: Readonly<Record<ActionHold, string>> = {
  frozen: 'recoveries are frozen',
  'self-doubt': 'most of the type fails at once, and the coordinator itself may be at fault',
  'mass-failure': 'many components of the type fail at once, and each must first stay down for a round of checks',
  'too-many': 'the limit of simultaneous restarts and scalings in this type is reached',
};

const auditNote = (
  actor: Actor,
  { recoveryId }: RecoveryOrder,
  { action, reason, force }: ActionRequest,
): AuditNote => ({
  actor,
  action: `component.${action}`,
  before: null,
  after: { recoveryId, reason, force },
});
