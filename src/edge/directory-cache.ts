/**
 * An isolate's cached types of component ids, which select the registry to call. A component keeps its type while it is
 * registered, so entries do not age and need no `RefreshingCache`: only a miss calls the coordinator. Callers that find
 * a component missing remove its entry.
 */
import type { OwnerFilter, AccessScope } from '../core/access/permission.ts';
import { ownerFilter } from '../core/access/permission.ts';
import { coordinator } from '../coordinator/contract/coordinator-api.ts';
import type { Failure, Result } from '../core/result.ts';
import { fail } from '../core/result.ts';
import type { NotFound, RegistryApi } from '../registry/contract/registry-api.ts';
import { registryOf } from '../registry/contract/registry-api.ts';

/** The cache is cleared when it would exceed this number of ids. */
const MAX_CACHED = 20_000;
const types = new Map<string, string>();

/**
 * Calls the registry that holds `id`, and once more after a lookup when the cached type is out of date. A component
 * outside the caller's scope looks like a component that does not exist: `call` must pass `only` to the registry.
 */
export async function withRegistryOf<T, R extends string>(
  scope: AccessScope,
  id: string,
  call: (registry: RegistryApi, only: OwnerFilter) => Promise<Result<T, R>>,
): Promise<Result<T, VisibleReason<R>>> {
  const only = ownerFilter(scope, id);
  if (only === undefined) return fail('unknown-component', `${id} is not registered`);
  for (;;) {
    const wasCached = types.has(id);
    const [type] = await typesOf([id]);
    if (type == null) return fail('unknown-component', `${id} is not registered`);
    const result = await call(registryOf(type), only);
    if (result.ok) return result;
    if (result.reason !== 'unknown-component') return hideOwner(result);
    forgetType(id);
    if (!wasCached) return hideOwner(result);
  }
}

/** Reasons that callers may see: a component of another owner must look like none. */
export type VisibleReason<R extends string> = Exclude<R, 'not-yours'> | NotFound;

export const hideOwner = <R extends string>(failure: Failure<R>): Failure<VisibleReason<R>> =>
  (failure.reason === 'not-yours' ? fail('unknown-component', failure.message) : failure) as Failure<VisibleReason<R>>;

/** Returns the types of ids, null for unregistered ids. Calls the coordinator for ids that are not cached. */
export async function typesOf(ids: readonly string[]): Promise<(string | null)[]> {
  const missing = ids.filter((id) => !types.has(id));
  if (missing.length > 0) {
    const found = await coordinator().typesOf(missing);
    if (types.size + missing.length > MAX_CACHED) types.clear();
    const fetched = new Map(missing.map((id, at) => [id, found[at] ?? null]));
    for (const [id, type] of fetched) if (type !== null) types.set(id, type);
    return ids.map((id) => fetched.get(id) ?? types.get(id) ?? null);
  }
  return ids.map((id) => types.get(id) ?? null);
}

/** Removes an id from the cache; returns whether it was cached. */
export const forgetType = (id: string): boolean => types.delete(id);
