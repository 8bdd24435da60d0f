/**
 * Which registry holds an id, remembered per isolate: an id keeps its type for as long as it is
 * registered, so only a miss asks the coordinator. Whoever finds the component gone forgets it here.
 */
import type { OwnerFilter, AccessScope } from '../core/access/permission.ts';
import { ownerFilter } from '../core/access/permission.ts';
import { coordinator } from '../coordinator/contract/coordinator-api.ts';
import type { Failure, Result } from '../core/result.ts';
import { fail } from '../core/result.ts';
import type { NotFound, RegistryApi } from '../registry/contract/registry-api.ts';
import { registryOf } from '../registry/contract/registry-api.ts';

const MAX_REMEMBERED = 20_000;
const types = new Map<string, string>();

/**
 * Calls the registry that holds `id`; an id whose memory is out of date is looked up once more. What is
 * out of the caller's reach is answered like what does not exist; `only` must be handed to the registry.
 */
export async function withRegistryOf<T, R extends string>(
  reach: AccessScope,
  id: string,
  call: (registry: RegistryApi, only: OwnerFilter) => Promise<Result<T, R>>,
): Promise<Result<T, VisibleReason<R>>> {
  const only = ownerFilter(reach, id);
  if (only === undefined) return fail('unknown-component', `${id} is not registered`);
  for (;;) {
    const wasRemembered = types.has(id);
    const [type] = await typesOf([id]);
    if (type == null) return fail('unknown-component', `${id} is not registered`);
    const answer = await call(registryOf(type), only);
    if (answer.ok) return answer;
    // Somebody else's is where it was remembered to be.
    if (answer.reason !== 'unknown-component') return hideOwner(answer);
    forgetType(id);
    if (!wasRemembered) return hideOwner(answer);
  }
}

/** What callers may be told: somebody else's component is as good as none. */
export type VisibleReason<R extends string> = Exclude<R, 'not-yours'> | NotFound;

export const hideOwner = <R extends string>(failure: Failure<R>): Failure<VisibleReason<R>> =>
  (failure.reason === 'not-yours' ? fail('unknown-component', failure.message) : failure) as Failure<VisibleReason<R>>;

/** The types of ids, null for those that are not registered; asks the coordinator for what is not remembered. */
export async function typesOf(ids: readonly string[]): Promise<(string | null)[]> {
  const missing = ids.filter((id) => !types.has(id));
  if (missing.length > 0) {
    const found = await coordinator().typesOf(missing);
    if (types.size + missing.length > MAX_REMEMBERED) types.clear();
    const looked = new Map(missing.map((id, at) => [id, found[at] ?? null]));
    for (const [id, type] of looked) if (type !== null) types.set(id, type);
    return ids.map((id) => looked.get(id) ?? types.get(id) ?? null);
  }
  return ids.map((id) => types.get(id) ?? null);
}

/** Forgets what is remembered of an id; true when there was something. */
export const forgetType = (id: string): boolean => types.delete(id);
