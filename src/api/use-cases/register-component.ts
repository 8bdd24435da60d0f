/**
 * Registration across its two owners: claim the id in the directory → store in the registry → confirm.
 * A kill between two steps leaves a claim that the sweep settles by what the registry holds.
 */
import type { Actor } from '../../core/access/actor.ts';
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import type { ClaimRefusal } from '../../coordinator/contract/coordinator-api.ts';
import type { EffectiveConfig } from '../../core/config/effective-config.ts';
import { isComponentType } from '../../core/config/effective-config.ts';
import type { Registration } from '../../core/component/registration.ts';
import type { OutboundPolicy } from '../../core/outbound/url-policy.ts';
import { judgeUrl } from '../../core/outbound/url-policy.ts';
import type { Changer } from '../../core/quota/change-quota.ts';
import type { Result } from '../../core/result.ts';
import { fail } from '../../core/result.ts';
import type { Registered } from '../../registry/contract/registry-api.ts';
import { registryOf } from '../../registry/contract/registry-api.ts';

type Refusal =
  | ClaimRefusal
  | 'component-limit'
  | 'precondition-failed'
  | 'header-value-unknown'
  | 'unknown-component'
  | 'busy';

const ATTEMPTS = 3;

/** For whom something is registered. */
export interface Registrant {
  /** Id of the registrar's key that asks; null for callers that may take over what they reach. */
  readonly owner: string | null;
  readonly actor: Actor;
  /** Whose quota it is charged to; null for none. */
  readonly changer: Changer | null;
}

/** Registers, or with `ifGeneration` replaces exactly that registration. */
export async function registerComponent(
  registration: Registration,
  ifGeneration: number | null,
  by: Registrant,
): Promise<Result<Registered, Refusal>> {
  const { id, type, dependencies } = registration;
  const directory = coordinator();
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const { owner: asking, actor, changer } = by;
    const claim = await directory.claim({ id, type, dependencies, owner: asking, keyId: actor.keyId, changer });
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
    // Removed or given to another type meanwhile: what was stored under the lost claim must not stay.
    await registryOf(type).removeClaim(id, sequence);
  }
  return fail('busy', 'the registration was overtaken again and again');
}

export interface Fault {
  readonly path: string;
  readonly message: string;
}

/** Faults of a registration that its shape does not show: its type and its URLs. */
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
