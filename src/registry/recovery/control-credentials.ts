/**
 * The registry's side of control calls: the secrets that they are signed with, each component's own and the
 * one of the type's controller, made when first asked for, and what a recovery needs to make a call. A secret
 * leaves only to the component's owner (the controller's to an administrator) and to the recovery that signs,
 * and is written nowhere else.
 */
import type { Actor } from '../../core/access/actor.ts';
import type { AuditNote } from '../../core/access/audit-entry.ts';
import type { OwnerFilter } from '../../core/access/permission.ts';
import type { ControlSecret, StoredControlSecret } from '../../core/component/control-secret.ts';
import { firstSecret, rotated, shownSecret, signingSecrets, toSecret } from '../../core/component/control-secret.ts';
import { controlRouteOf } from '../../core/component/control-url.ts';
import { toIsoOrNull } from '../../core/component/resource.ts';
import { ROTATION_QUOTA } from '../../core/quota/on-demand-quota.ts';
import type { TokenBucket } from '../../core/quota/token-bucket.ts';
import { fullBucket } from '../../core/quota/token-bucket.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import { componentEventDraft, typeEventDraft } from '../state/component-events.ts';
import type { HostRateLimiter } from '../limits/host-rate-limiter.ts';
import { hostOfUrl } from '../../core/health/host-of-url.ts';
import type { Member } from '../state/member.ts';
import { chargeRotation, chargeTypeRotation } from '../limits/on-demand-limits.ts';
import type { Recoveries } from './recoveries.ts';
import type { NotAccessible, RotateOptions } from '../contract/registry-api.ts';
import type { ControlAccess, ControlPurpose } from '../contract/recovery-api.ts';
import type { RegistryState } from '../state/registry-state.ts';

type Answer = Result<ControlSecret, NotAccessible | 'no-control'>;
type Rotation = Result<ControlSecret, NotAccessible | 'no-control' | 'too-many-rotations'>;

const SECRET_BYTES = 32;
/** The controller's secret has its row among those of the components: no component is called so. */
const OF_TYPE = '';

export class ControlCredentials {
  private readonly state: RegistryState;
  private readonly recoveries: Recoveries;
  private readonly gate: HostRateLimiter;
  private typeRotations: TokenBucket = fullBucket(ROTATION_QUOTA, 0);

  constructor(state: RegistryState, recoveries: Recoveries, gate: HostRateLimiter) {
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
    const refusal = chargeRotation(member, now);
    if (refusal) return refusal;
    const next = rotated(this.stored(id), freshSecret(), now);
    const audit = actor && { actor, action: 'control-secret.rotate' as const, before: null, after: null };
    const context = { ...this.state.draftContext(member.record, now), audit };
    const data = { previousUntil: toIsoOrNull(next.previousUntil) };
    const event = componentEventDraft('component.control-secret-rotated', member.record, data, context);
    this.state.commit({ controlSecret: { id, secret: next }, outbox: [event], visible: false }, now);
    return ok(shownSecret(next, now));
  }

  /** Of the type's controller, whether one is set or not: it may be given the secret before it is pointed at. */
  controllerSecret(now: number): ControlSecret {
    return shownSecret(this.stored(OF_TYPE), now);
  }

  rotateController(
    { type, actor }: { type: string; actor: Actor | null },
    now: number,
  ): Result<ControlSecret, 'too-many-rotations'> {
    const taken = chargeTypeRotation(this.typeRotations, type, now);
    this.typeRotations = taken.next;
    if (taken.refusal) return taken.refusal;
    const next = rotated(this.stored(OF_TYPE), freshSecret(), now);
    const audit: AuditNote | null = actor && { actor, action: 'controller-secret.rotate', before: null, after: null };
    const data = { previousUntil: toIsoOrNull(next.previousUntil) };
    const event = typeEventDraft('config.controller-secret-rotated', type, data, { now, audit });
    this.state.nameType(type);
    this.state.commit({ controlSecret: { id: OF_TYPE, secret: next }, outbox: [event], visible: false }, now);
    return ok(shownSecret(next, now));
  }

  /** Where and with what to sign one control call; it counts against its host like a check. */
  access(
    id: string,
    { recoveryId, action }: ControlPurpose,
    now: number,
  ): Result<ControlAccess, 'not-recovering' | 'no-control' | 'host-busy'> {
    const found = this.recoveries.find(id, recoveryId);
    if (!found) return fail('not-recovering', `${id} is not in recovery ${recoveryId}`);
    const route = controlRouteOf(found.member.record.registration, this.state.config.controller, action);
    if (route === null)
      return fail('no-control', `${id} has no control endpoint for ${action}, nor has its type a controller`);
    const { url, signer } = route;
    if (!this.gate.admitFirst(hostOfUrl(url), now))
      return fail('host-busy', 'the host of the control endpoint is being asked too much');
    return ok({ url, secrets: signingSecrets(this.stored(signer === 'type' ? OF_TYPE : id), now) });
  }

  /** The member of that id, if it takes control calls. */
  private find(id: string, only: OwnerFilter): Result<Member, NotAccessible | 'no-control'> {
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
