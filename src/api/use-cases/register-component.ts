/**
 * Registration across two Durable Objects: claim the id in the coordinator's directory, store the registration in the
 * registry, confirm the claim. If a crash leaves an unconfirmed claim, the sweep settles it by the registry's state.
 */
import type { Actor } from '../../core/access/actor.ts';
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import type { ClaimRefusal } from '../../coordinator/contract/coordinator-api.ts';
import type { ConfigDocuments } from '../../core/config/config-documents.ts';
import type { Registration } from '../../core/component/registration.ts';
import type { OutboundPolicy } from '../../core/outbound/url-policy.ts';
import { judgeUrl } from '../../core/outbound/url-policy.ts';
import type { QuotaHolder } from '../../core/quota/change-quota.ts';
import type { Result } from '../../core/result.ts';
import { fail } from '../../core/result.ts';
import type { VersionCondition } from '../../core/version-condition.ts';
import { failedCondition } from '../../core/version-condition.ts';
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
const NOT_REGISTERED = { name: 'the registration', counter: 'generation', version: null };

/** The caller that registers. */
export interface Registrant {
  /** Id of the calling registrar's key; null for callers that may replace any component in their access scope. */
  readonly owner: string | null;
  readonly actor: Actor;
  /** The quota that the change is charged to; null for none. */
  readonly quotaHolder: QuotaHolder | null;
  /** Whether the caller may register any component of the type, and so may add the type. */
  readonly mayAddType: boolean;
  /** Receives the configuration with a type that the registration added. */
  readonly onTypeAdded: (documents: ConfigDocuments) => void;
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
    const typeAddedBy = by.mayAddType && (ifGeneration === null || ifGeneration === 'absent') ? actor : null;
    const charged = { keyId: actor.keyId, quotaHolder, typeAddedBy };
    const claim = await directory.claim({ id, type, dependencies, owner: requester, ...charged });
    // A type that does not exist has no component, which a condition may require.
    if (!claim.ok) return (claim.reason === 'unknown-type' && failedCondition(ifGeneration, NOT_REGISTERED)) || claim;
    const { sequence, owner, addedType } = claim.value;
    if (addedType) by.onTypeAdded(addedType);
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

/** Faults of URLs that the outbound policy refuses, which the schema cannot detect. */
export function urlFaults(registration: Registration, policy: OutboundPolicy): Fault[] {
  const urls: readonly (readonly [string, string | undefined])[] = [
    ['endpoint', registration.endpoint],
    ['healthCheck.endpoint', registration.healthCheck?.endpoint],
    ['control.endpoint', registration.control?.endpoint],
  ];
  return urls.flatMap(([path, url]): Fault[] => {
    if (url === undefined) return [];
    const base = path === 'endpoint' ? undefined : registration.endpoint;
    const verdict = judgeUrl(url, policy, base);
    return verdict.ok ? [] : [{ path, message: verdict.message }];
  });
}
