/**
 * Registration and removal in the registry. Each change is stored under a claim number and an owner, with its event,
 * and with an audit note when an actor requested it.
 */
import type { Actor } from '../../core/access/actor.ts';
import type { AuditAction, AuditNote } from '../../core/access/audit-entry.ts';
import { auditedChange } from '../../core/access/audited-change.ts';
import type { ComponentRecord } from '../../core/component/component-record.ts';
import { redactForAudit, restoreHeaderValues } from '../../core/component/header-values.ts';
import { draining } from '../../core/component/lifecycle.ts';
import type { Registration } from '../../core/component/registration.ts';
import { MAX_TYPE_BYTES, growthBy } from '../../core/component/registration-size.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { VersionCondition } from '../../core/version-condition.ts';
import { failedCondition } from '../../core/version-condition.ts';
import { componentEvent } from '../state/component-events.ts';
import type { Lifecycles } from './lifecycles.ts';
import type { Member } from '../state/member.ts';
import { firstRecord, reregistered } from './new-record.ts';
import type { NotAccessible, RegisterInput, Removal, RemoveOptions } from '../contract/registry-api.ts';
import type { RegistryState } from '../state/registry-state.ts';

export interface StoredRegistration {
  readonly member: Member;
  /** The record before; undefined for a new component. */
  readonly before: ComponentRecord | undefined;
  /** `overtaken`: the id is stored under a newer claim, so nothing was stored. */
  readonly change: 'changed' | 'unchanged' | 'overtaken';
}

type Refusal = 'component-limit' | 'type-memory-limit' | 'precondition-failed' | 'header-value-unknown';

export class Registrations {
  private readonly state: RegistryState;
  private readonly lifecycles: Lifecycles;

  constructor(state: RegistryState, lifecycles: Lifecycles) {
    this.state = state;
    this.lifecycles = lifecycles;
  }

  store(input: RegisterInput, now: number): Result<StoredRegistration, Refusal> {
    const { registration, claim, actor } = input;
    this.state.setType(registration.type);
    const existing = this.state.members.get(registration.id);
    const before = existing?.record;
    const refusal = this.refuse(input, before);
    if (refusal) return refusal;
    if (existing && existing.record.claim > claim) return ok({ member: existing, before, change: 'overtaken' });
    const kept = restoreHeaderValues(registration, before?.registration ?? null);
    if (!kept.ok) return kept;
    const tooLarge = this.refuseSize(kept.value, before?.registration);
    if (tooLarge) return tooLarge;
    const registering = { ...input, registration: kept.value };
    const record = before ? reregistered(before, registering, now) : firstRecord(registering, now);
    const unchanged = before?.generation === record.generation && before.lifecycle === record.lifecycle;
    const audit = auditNote(actor, before ? 'component.update' : 'component.register', [before, record]);
    const type = before ? 'component.updated' : 'component.registered';
    const event = componentEvent(type, record, {}, { ...this.state.draftContext(record, now), audit });
    this.state.commit({ records: [record], outbox: unchanged ? [] : [event], visible: !unchanged }, now);
    const member = this.state.members.get(registration.id)!;
    return ok({ member, before, change: unchanged ? 'unchanged' : 'changed' });
  }

  remove(id: string, options: RemoveOptions, now: number): Result<Removal, NotAccessible | 'precondition-failed'> {
    const { drainMs, ifGeneration, only = null, actor = null } = options;
    const found = this.state.find(id, only);
    if (!found.ok) return found.reason === 'component-unreadable' ? this.removeUnreadable(id, now) : found;
    const { record } = found.value;
    const failed = failedConditionOn(record, ifGeneration);
    if (failed) return failed;
    if (drainMs > 0) {
      const until = now + drainMs;
      this.lifecycles.change(record, draining(until), now, auditNote(actor, 'component.drain', [record, record]));
      return ok({ claim: record.claim, drainsUntil: until });
    }
    this.lifecycles.remove(record, now, auditNote(actor, 'component.remove', [record, undefined]));
    return ok({ claim: record.claim, drainsUntil: null });
  }

  /** Removes a component of which nothing but its claim is known, so that no event can describe it. */
  private removeUnreadable(id: string, now: number): Result<Removal, never> {
    const { claim } = this.state.unreadable.get(id)!;
    this.state.commit({ removed: [id], visible: true }, now);
    return ok({ claim, drainsUntil: null });
  }

  private refuse({ registration, ifGeneration }: RegisterInput, known: ComponentRecord | undefined) {
    const failed = failedConditionOn(known, ifGeneration);
    if (failed) return failed;
    const { maxComponentsPerType } = this.state.config;
    if (known || this.state.members.size < maxComponentsPerType) return null;
    return fail('component-limit', `${registration.type} has ${maxComponentsPerType} components, which is the maximum`);
  }

  /** Refuses what would exceed the memory of the type. What makes a registration smaller is never refused. */
  private refuseSize(registration: Registration, replaced: Registration | undefined) {
    const growth = growthBy(registration, replaced);
    const used = this.state.heldBytes;
    if (growth <= 0 || used + growth <= MAX_TYPE_BYTES) return null;
    const message =
      `registrations of ${registration.type} use ${used} of ${MAX_TYPE_BYTES} bytes, and this one needs ${growth} more: ` +
      'shorten metadata, leave out healthCheck.details, remove components, or divide them into two types';
    return fail('type-memory-limit', message);
  }
}

/** Audit note on the change from the first record to the second; null without an actor. */
function auditNote(
  actor: Actor | null,
  action: AuditAction,
  [before, after]: readonly [ComponentRecord | undefined, ComponentRecord | undefined],
): AuditNote | null {
  if (!actor) return null;
  const sides = redactForAudit(before?.registration ?? null, after?.registration ?? null);
  return { actor, action, ...auditedChange(action, ...sides) };
}

const failedConditionOn = (record: ComponentRecord | undefined, ifGeneration: VersionCondition) =>
  failedCondition(ifGeneration, {
    name: 'the registration',
    counter: 'generation',
    version: record?.generation ?? null,
  });
