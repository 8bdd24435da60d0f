/**
 * Credentials for control calls: the secret of each component and that of the type's controller, created at first use.
 * Also grants a recovery the access to make one control call.
 *
 * Invariant: a secret leaves the registry only to the component's owner (the controller's to an administrator) and to
 * the recovery that signs a call. Nothing else stores or logs it.
 */
import type { Actor } from '../../core/access/actor.ts';
import type { AuditNote } from '../../core/access/audit-entry.ts';
import type { OwnerFilter } from '../../core/access/permission.ts';
import type { ControlSecret, StoredControlSecret } from '../../core/component/control-secret.ts';
import {
  firstSecret,
  rotateSecret,
  toControlSecret,
  signingSecrets,
  encodeSecret,
} from '../../core/component/control-secret.ts';
import { controlRouteOf } from '../../core/component/control-route.ts';
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

type SecretResult = Result<ControlSecret, NotAccessible | 'no-control'>;
type RotationResult = Result<ControlSecret, NotAccessible | 'no-control' | 'too-many-rotations'>;

const SECRET_BYTES = 32;
/** Row id of the controller's secret among those of the components; no component has an empty id. */
const CONTROLLER_ROW_ID = '';

export class ControlCredentials {
  private readonly state: RegistryState;
  private readonly recoveries: Recoveries;
  private readonly hostLimiter: HostRateLimiter;
  private typeRotations: TokenBucket = fullBucket(ROTATION_QUOTA, 0);

  constructor(state: RegistryState, recoveries: Recoveries, hostLimiter: HostRateLimiter) {
    this.state = state;
    this.recoveries = recoveries;
    this.hostLimiter = hostLimiter;
  }

  secret(id: string, owner: OwnerFilter, now: number): SecretResult {
    const found = this.findControllable(id, owner);
    return found.ok ? ok(toControlSecret(this.readOrCreate(id), now)) : found;
  }

  /** Replaces the secret and publishes an event. The event does not contain the secret. */
  rotate(id: string, { only = null, actor = null }: RotateOptions, now: number): RotationResult {
    const found = this.findControllable(id, only);
    if (!found.ok) return found;
    const member = found.value;
    const refusal = chargeRotation(member, now);
    if (refusal) return refusal;
    const next = rotateSecret(this.readOrCreate(id), freshSecret(), now);
    const audit = actor && { actor, action: 'control-secret.rotate' as const, before: null, after: null };
    const context = { ...this.state.draftContext(member.record, now), audit };
    const data = { previousUntil: toIsoOrNull(next.previousUntil) };
    const event = componentEventDraft('component.control-secret-rotated', member.record, data, context);
    this.state.commit({ controlSecret: { id, secret: next }, outbox: [event], visible: false }, now);
    return ok(toControlSecret(next, now));
  }

  /**
   * Returns the secret of the type's controller, even if no controller is configured yet: an administrator may install
   * the secret there first.
   */
  controllerSecret(now: number): ControlSecret {
    return toControlSecret(this.readOrCreate(CONTROLLER_ROW_ID), now);
  }

  rotateController(
    { type, actor }: { type: string; actor: Actor | null },
    now: number,
  ): Result<ControlSecret, 'too-many-rotations'> {
    const charged = chargeTypeRotation(this.typeRotations, type, now);
    this.typeRotations = charged.next;
    if (charged.refusal) return charged.refusal;
    const next = rotateSecret(this.readOrCreate(CONTROLLER_ROW_ID), freshSecret(), now);
    const audit: AuditNote | null = actor && { actor, action: 'controller-secret.rotate', before: null, after: null };
    const data = { previousUntil: toIsoOrNull(next.previousUntil) };
    const event = typeEventDraft('config.controller-secret-rotated', type, data, { now, audit });
    this.state.setType(type);
    this.state.commit({ controlSecret: { id: CONTROLLER_ROW_ID, secret: next }, outbox: [event], visible: false }, now);
    return ok(toControlSecret(next, now));
  }

  /** Returns the URL and the secrets for one control call. The call counts against its host's budget like a check. */
  access(
    id: string,
    { recoveryId, action }: ControlPurpose,
    now: number,
  ): Result<ControlAccess, 'not-recovering' | 'no-control' | 'host-busy'> {
    const found = this.recoveries.find(id, recoveryId);
    if (!found) return fail('not-recovering', `${id} is not in recovery ${recoveryId}`);
    const route = controlRouteOf(found.member.record.registration, this.state.config.controller, action);
    if (route === null)
      return fail('no-control', `${id} has no control endpoint for ${action}, and its type has no controller`);
    const { url, signer } = route;
    if (!this.hostLimiter.admitUnqueued(hostOfUrl(url), now))
      return fail('host-busy', "the rate limit of the control endpoint's host is reached; retry later");
    // The restart may begin only now, so its slot of the guard is in use from here on.
    this.recoveries.noteDisruption(id, recoveryId, now);
    return ok({ url, secrets: signingSecrets(this.readOrCreate(signer === 'type' ? CONTROLLER_ROW_ID : id), now) });
  }

  /** The member with this id, if it accepts control calls. */
  private findControllable(id: string, owner: OwnerFilter): Result<Member, NotAccessible | 'no-control'> {
    const found = this.state.find(id, owner);
    return found.ok && !found.value.record.registration.control ? noControl(id) : found;
  }

  private readOrCreate(id: string): StoredControlSecret {
    const known = this.state.store.controlSecrets.read(id);
    if (known) return known;
    const first = firstSecret(freshSecret());
    this.state.store.controlSecrets.save(id, first);
    return first;
  }
}

const freshSecret = (): string => encodeSecret(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));

const noControl = (id: string) => fail('no-control', `${id} registered no control endpoint`);
