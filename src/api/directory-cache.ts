/**
 * Which registry holds an id, remembered per isolate: an id keeps its type for as long as it is
 * registered, so only a miss asks the coordinator. Whoever finds the component gone forgets it here.
 */
import { coordinator } from '../coordinator/coordinator-api.ts';
import type { Result } from '../core/result.ts';
import { fail } from '../core/result.ts';
import type { RegistryApi } from '../registry/registry-api.ts';
import { registryOf } from '../registry/registry-api.ts';

const MAX_REMEMBERED = 20_000;
const types = new Map<string, string>();

/** Calls the registry that holds `id`; an id whose memory is out of date is looked up once more. */
export async function withRegistryOf<T, R extends string>(
  id: string,
  call: (registry: RegistryApi, type: string) => Promise<Result<T, R>>,
): Promise<Result<T, R | 'unknown-component'>> {
  const remembered = types.get(id);
  if (remembered !== undefined) {
    const answer = await call(registryOf(remembered), remembered);
    if (answer.ok || answer.reason !== 'unknown-component') return answer;
    types.delete(id);
  }
  const type = await coordinator().typeOf(id);
  if (type === null) return fail('unknown-component', `${id} is not registered`);
  if (types.size >= MAX_REMEMBERED) types.clear();
  types.set(id, type);
  return call(registryOf(type), type);
}
