/**
 * The registry's side of registering and removing: what is stored under which claim, whose it is, and
 * the event that tells of it, with a note for the audit when somebody asked for it.
 */
import type { Actor } from '../../core/access/actor.ts';
import type { AuditAction, AuditNote } from '../../core/access/audit-entry.ts';
import { auditedChange } from '../../core/access/audited-change.ts';
import type { ComponentRecord } from '../../core/component/component-record.ts';
import { auditableSides, keepHeaderValues } from '../../core/component/header-values.ts';
import { draining } from '../../core/component/lifecycle.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import { componentEvent } from '../state/component-events.ts';
import type { Lifecycles } from './lifecycles.ts';
import type { Member } from '../state/member.ts';
import { firstRecord, renewed } from './new-record.ts';
import type { NotFound, NotAccessible, RegisterInput, Removal, RemoveOptions } from '../contract/registry-api.ts';
import type { RegistryState } from '../state/registry-state.ts';

export interface Stored {
  readonly member: Member;
  /** The record that was there before. */
  readonly before: ComponentRecord | undefined;
  /** `overtaken`: a newer claim holds the id, nothing was stored. */
  readonly change: 'changed' | 'unchanged' | 'overtaken';
}

type Refusal = 'component-limit' | 'precondition-failed' | 'header-value-unknown' | NotFound;

export class Registrations {
  private readonly state: RegistryState;
  private readonly lifecycles: Lifecycles;

  constructor(state: RegistryState, lifecycles: Lifecycles) {
    this.state = state;
    this.lifecycles = lifecycles;
  }

  store(input: RegisterInput, now: number): Result<Stored, Refusal> {
    const { registration, claim, actor } = input;
    this.state.nameType(registration.type);
    const held = this.state.members.get(registration.id);
    const before = held?.record;
    const refusal = this.refuse(input, before);
    if (refusal) return refusal;
    if (held && held.record.claim > claim) return ok({ member: held, before, change: 'overtaken' });
    const kept = keepHeaderValues(registration, before?.registration ?? null);
    if (!kept.ok) return kept;
    const registering = { ...input, registration: kept.value };
    const record = before ? renewed(before, registering, now) : firstRecord(registering, now);
    const unchanged = before?.generation === record.generation && before.lifecycle === record.lifecycle;
    const audit = note(actor, before ? 'component.update' : 'component.register', [before, record]);
    const type = before ? 'component.updated' : 'component.registered';
    const event = componentEvent(type, record, {}, { ...this.state.draftContext(record, now), audit });
    this.state.commit({ records: [record], outbox: unchanged ? [] : [event], visible: !unchanged }, now);
    const member = this.state.members.get(registration.id)!;
    return ok({ member, before, change: unchanged ? 'unchanged' : 'changed' });
  }

  remove(id: string, options: RemoveOptions, now: number): Result<Removal, NotAccessible | 'precondition-failed'> {
    const { drainMs, ifGeneration, only = null, actor = null } = options;
    const found = this.state.find(id, only);
    if (!found.ok) return found;
    const { record } = found.value;
    if (ifGeneration !== null && ifGeneration !== record.generation) return stale(record, ifGeneration);
    if (drainMs > 0) {
      const until = now + drainMs;
      this.lifecycles.change(record, draining(until), now, note(actor, 'component.drain', [record, record]));
      return ok({ claim: record.claim, drainsUntil: until });
    }
    this.lifecycles.remove(record, now, note(actor, 'component.remove', [record, undefined]));
    return ok({ claim: record.claim, drainsUntil: null });
  }

  private refuse({ registration, ifGeneration }: RegisterInput, known: ComponentRecord | undefined) {
    if (ifGeneration !== null && !known) return fail('unknown-component', `${registration.id} is not registered`);
    if (known && ifGeneration !== null && known.generation !== ifGeneration) return stale(known, ifGeneration);
    const { maxComponentsPerType } = this.state.config;
    if (known || this.state.members.size < maxComponentsPerType) return null;
    return fail('component-limit', `${registration.type} has ${maxComponentsPerType} components, the most allowed`);
  }
}

/** What the audit is told of a change from the first record to the second. */
function note(
  actor: Actor | null,
  action: AuditAction,
  [before, after]: readonly [ComponentRecord | undefined, ComponentRecord | undefined],
): AuditNote | null {
  if (!actor) return null;
  const sides = auditableSides(before?.registration ?? null, after?.registration ?? null);
  return { actor, action, ...auditedChange(action, ...sides) };
}

const stale = (record: ComponentRecord, expected: number) =>
  fail('precondition-failed', `the registration is number ${record.generation}, If-Match says ${expected}`);
