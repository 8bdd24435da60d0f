/**
 * Registration across two Durable Objects: claim the id in the coordinator's directory, store the registration in the
 * registry, confirm the claim. If a crash leaves an unconfirmed claim, the sweep settles it by the registry's state.
 */
import type { Actor } from '../../core/access/actor.ts';
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import type { ClaimRefusal } from '../../coordinator/contract/coordinator-api.ts';
import type { EffectiveConfig } from '../../core/config/effective-config.ts';
import { isComponentType } from '../../core/config/effective-config.ts';
import type { Registration } from '../../core/component/registration.ts';
import type { OutboundPolicy } from '../../core/outbound/url-policy.ts';
import { judgeUrl } from '../../core/outbound/url-policy.ts';
import type { QuotaHolder } from '../../core/quota/change-quota.ts';
import type { Result } from '../../core/result.ts';
import { fail } from '../../core/result.ts';
import type { VersionCondition } from '../../core/version-condition.ts';
import type { Registered } from '../../registry/contract/registry-api.ts';
import { registryOf } from '../../registry/contract/registry-api.ts';

type Refusal =
  | ClaimRefusal
  | 'component-limit'
  | 'type-memory-limit'
  | 'precondition-failed'
  | 'header-value-unknown'
  | 'busy';

const ATTEMPTS = 3;

/** The caller that registers. */
export interface Registrant {
  /** Id of the calling registrar's key; null for callers that may replace any component in their access scope. */
  readonly owner: string | null;
  readonly actor: Actor;
  /** The quota that the change is charged to; null for none. */
  readonly quotaHolder: QuotaHolder | null;
}

/** Registers a component, if the condition on its generation holds. */
export async function registerComponent(
  registration: Registration,
  ifGeneration: VersionCondition,
  by: Registrant,
): Promise<Result<Registered, Refusal>> {
  const { id, type, dependencies } = registration;
  const directory = coordinator();
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { owner: requester, actor, quotaHolder } = by;
    const claim = await directory.claim({ id, type, dependencies, owner: requester, keyId: actor.keyId, quotaHolder });
    if (!claim.ok) return claim;
    const { sequence, owner } = claim.value;
    const stored = await registryOf(type).register({
      registration,
      claim: sequence,
      ifGeneration,
      owner,
      actor,
    });
    if (!stored.ok) {
      await directory.release(id, sequence);
      return stored;
    }
    if (await directory.confirm(id, sequence)) return stored;
    // The claim was lost: the id was removed, or claimed for another type. Remove what was stored under it.
    await registryOf(type).removeClaim(id, sequence);
  }
  return fail('busy', `other calls changed the id ${ATTEMPTS} times in a row`);
}

export interface Fault {
  readonly path: string;
  readonly message: string;
}

/** Faults that the schema cannot detect: an unknown type, and URLs that the outbound policy refuses. */
export function registrationFaults(
  registration: Registration,
  config: EffectiveConfig,
  policy: OutboundPolicy,
): { code: 'unknown-type' | 'endpoint-not-allowed'; faults: Fault[] } | null {
  if (!isComponentType(config, registration.type)) {
    const message = `there is no component type ${registration.type}`;
    return { code: 'unknown-type', faults: [{ path: 'type', message }] };
  }
  const urls: readonly (readonly [string, string | undefined])[] = [
    ['endpoint', registration.endpoint],
    ['healthCheck.endpoint', registration.healthCheck?.endpoint],
    ['control.endpoint', registration.control?.endpoint],
  ];
  const faults = urls.flatMap(([path, url]): Fault[] => {
    if (url === undefined) return [];
    const base = path === 'endpoint' ? undefined : registration.endpoint;
    const verdict = judgeUrl(url, policy, base);
    return verdict.ok ? [] : [{ path, message: verdict.message }];
  });
  return faults.length === 0 ? null : { code: 'endpoint-not-allowed', faults };
}
