/**
 * The registry's side of restarting and scaling by an operator: an ordinary recovery with a plan of that one
 * action, so that it survives a kill, is proven and written down like any other. Guarded like one too, but
 * at once: who asks is told no instead of waiting.
 */
import type { Actor } from '../../core/access/actor.ts';
import type { AuditNote } from '../../core/access/audit-entry.ts';
import { controlRouteOf } from '../../core/component/control-url.ts';
import { isBeingRemoved } from '../../core/component/lifecycle.ts';
import { hasFailedDependency } from '../../core/component/root-cause.ts';
import type { RecoveryOrder } from '../../core/failure/failure-intake.ts';
import { OPERATOR_REQUEST } from '../../core/failure/failure-intake.ts';
import type { ActionHold } from '../../core/failure/recovery-preview.ts';
import type { Failure, Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { Member } from '../state/member.ts';
import type { Recoveries } from './recoveries.ts';
import { recoveryIdOf } from './recoveries.ts';
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

  async ask(
    id: string,
    asked: ActionRequest,
    { actor, clock }: { actor: Actor | null; clock: () => number },
  ): Promise<Result<RecoveryOrder, NotAccessible | ActionRefusal>> {
    const key = asked.idempotencyKey === null ? null : `${asked.action} ${asked.idempotencyKey}`;
    for (;;) {
      const found = this.state.find(id);
      if (!found.ok) return found;
      const member = found.value;
      const { generation: registration, recovery } = member.record;
      const generation = recovery.generation + 1;
      const recoveryId = await recoveryIdOf(id, registration, generation);
      // The digest was awaited: somebody else may have begun meanwhile.
      if (this.state.members.get(id) !== member || member.record.recovery !== recovery) continue;
      const known = key === null ? undefined : this.state.store.askedActions.read(id, key);
      if (known) return ok(known);
      const refusal = this.refusalOf(member, asked);
      return refusal ?? ok(this.begin(member, { recoveryId, generation, key }, { asked, actor }, clock()));
    }
  }

  private refusalOf({ record }: Member, { action, force }: ActionRequest): Failure<ActionRefusal> | null {
    const { registration, lifecycle, recovery, shadow } = record;
    const { id } = registration;
    if (isBeingRemoved(lifecycle)) return fail('being-removed', 'it drains before its removal; restore it to keep it');
    if (controlRouteOf(registration, this.state.config.controller, action) === null)
      return fail('no-control', `${id} has no control endpoint for ${action}, nor has its type a controller`);
    if (recovery.active)
      return fail('recovery-running', `${recovery.active.order.recoveryId} is running: wait for it, or cancel it`);
    if (force) return null;
    const { rootCause } = shadow;
    const why = hasFailedDependency(shadow) ? `it suffers from ${rootCause.join(', ')}` : heldBack(this.state, id);
    return why === null ? null : fail('held-back', `${why}; force overrides`);
  }

  private begin(
    member: Member,
    { recoveryId, generation, key }: { recoveryId: string; generation: number; key: string | null },
    { asked, actor }: { asked: ActionRequest; actor: Actor | null },
    now: number,
  ): RecoveryOrder {
    const { action, reason } = asked;
    const words = 'asked for by an operator';
    const cause = {
      failureType: OPERATOR_REQUEST,
      failureId: '',
      reason: reason === null ? words : `${words}: ${reason}`,
    } as const;
    return this.recoveries.open(
      member,
      { recoveryId, generation },
      {
        cause,
        asked: action,
        noteOf: (order) => actor && note(actor, order, asked),
        also: (order) => ({
          // Starts the workflow, now or when the manager can be reached.
          outbox: [{ kind: 'nudge', key: `start:${recoveryId}`, componentId: order.componentId, payload: order }],
          ...(key === null ? {} : { askedAction: { key, order } }),
        }),
      },
      now,
    );
  }
}

const WHY: Readonly<Record<ActionHold, string>> = {
  frozen: 'recoveries are frozen',
  'self-doubt': 'most of the type fails at once, and it may be we who cannot see',
  'too-many': 'as many of the type are being restarted or scaled as may be at once',
};

function heldBack(state: RegistryState, id: string): string | null {
  const hold = actionHold(state, id, true);
  return hold && WHY[hold];
}

const note = (actor: Actor, { recoveryId }: RecoveryOrder, { action, reason, force }: ActionRequest): AuditNote => ({
  actor,
  action: `component.${action}`,
  before: null,
  after: { recoveryId, reason, force },
});
