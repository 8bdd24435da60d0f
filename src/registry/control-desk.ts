/**
 * The registry's side of control calls: the secret that a component's calls are signed with, made when
 * first asked for, and what a recovery needs to make one. A secret leaves only to the component's owner
 * and to the recovery that signs, and is written nowhere else.
 */
import type { OwnerFilter } from '../core/access/permission.ts';
import type { ControlSecret, StoredControlSecret } from '../core/component/control-secret.ts';
import { firstSecret, rotated, shownSecret, signingSecrets, toSecret } from '../core/component/control-secret.ts';
import { controlUrlOf } from '../core/component/control-url.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import { eventDraft } from './health-drafts.ts';
import type { HostGate } from './host-gate.ts';
import { hostOfUrl } from './host-gate.ts';
import type { Member } from './member.ts';
import { takeRotation } from './on-demand.ts';
import type { RecoveryDesk } from './recovery-desk.ts';
import type { ControlAccess, OutOfReach, RotateOptions } from './registry-api.ts';
import type { RegistryState } from './registry-state.ts';

type Answer = Result<ControlSecret, OutOfReach | 'no-control'>;
type Rotation = Result<ControlSecret, OutOfReach | 'no-control' | 'too-many-rotations'>;

const SECRET_BYTES = 32;

export class ControlDesk {
  private readonly state: RegistryState;
  private readonly recoveries: RecoveryDesk;
  private readonly gate: HostGate;

  constructor(state: RegistryState, recoveries: RecoveryDesk, gate: HostGate) {
    this.state = state;
    this.recoveries = recoveries;
    this.gate = gate;
  }

  secret(id: string, only: OwnerFilter, now: number): Answer {
    const found = this.find(id, only);
    return found.ok ? ok(shownSecret(this.stored(id), now)) : found;
  }

  /** Puts a fresh secret in its place, with the event that tells of it, which does not carry it. */
  rotate(id: string, { only = null, actor = null }: RotateOptions, now: number): Rotation {
    const found = this.find(id, only);
    if (!found.ok) return found;
    const member = found.value;
    const refusal = takeRotation(member, now);
    if (refusal) return refusal;
    const next = rotated(this.stored(id), freshSecret(), now);
    const audit = actor && { actor, action: 'control-secret.rotate' as const, before: null, after: null };
    const context = { ...this.state.draftContext(member.record, now), audit };
    const data = { previousUntil: next.previousUntil };
    const event = eventDraft('component.control-secret-rotated', member.record, data, context);
    this.state.commit({ controlSecret: { id, secret: next }, outbox: [event], visible: false }, now);
    return ok(shownSecret(next, now));
  }

  /** Where and with what to sign one control call; it counts against its host like a check. */
  access(
    id: string,
    recoveryId: string,
    now: number,
  ): Result<ControlAccess, 'not-recovering' | 'no-control' | 'host-busy'> {
    const found = this.recoveries.find(id, recoveryId);
    if (!found) return fail('not-recovering', `${id} is not in recovery ${recoveryId}`);
    const url = controlUrlOf(found.member.record.registration);
    if (url === null) return noControl(id);
    if (!this.gate.admitFirst(hostOfUrl(url), now))
      return fail('host-busy', 'the host of the control endpoint is being asked too much');
    return ok({ url, secrets: signingSecrets(this.stored(id), now) });
  }

  /** The member of that id, if it takes control calls. */
  private find(id: string, only: OwnerFilter): Result<Member, OutOfReach | 'no-control'> {
    const found = this.state.find(id, only);
    return found.ok && !found.value.record.registration.control ? noControl(id) : found;
  }

  private stored(id: string): StoredControlSecret {
    const known = this.state.store.controlSecrets.read(id);
    if (known) return known;
    const first = firstSecret(freshSecret());
    this.state.store.controlSecrets.save(id, first);
    return first;
  }
}

const freshSecret = (): string => toSecret(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));

const noControl = (id: string) => fail('no-control', `${id} registered no control endpoint`);
