/**
 * Condition of a change on the version of its resource: `If-Match` and `If-None-Match` as data. The object that stores
 * the resource evaluates it in the transaction of the change, so that no other change comes between.
 */
import type { Failure } from './result.ts';
import { fail } from './result.ts';

/**
 * A number: that version must be current. `present`: any version must be (`If-Match: *`). `absent`: there must be none
 * (`If-None-Match: *`). Null: no condition.
 */
export type VersionCondition = number | 'present' | 'absent' | null;

interface VersionedResource {
  /** The resource in a message: `the registration`. */
  readonly name: string;
  /** What its ETag counts: `generation` or `revision`. */
  readonly counter: string;
  /** The current version; null if the resource does not exist. */
  readonly version: number | null;
}

/** The failure of a condition that does not hold; null if it holds. */
export function failedCondition(
  condition: VersionCondition,
  { name, counter, version }: VersionedResource,
): Failure<'precondition-failed'> | null {
  if (condition === null) return null;
  if (condition === 'absent')
    return version === null ? null : fail('precondition-failed', `${name} exists, and If-None-Match: * forbids it`);
  if (version === null) return fail('precondition-failed', `${name} does not exist, and If-Match requires it`);
  if (condition === 'present' || condition === version) return null;
  return fail('precondition-failed', `${name} has ${counter} ${version}, If-Match names ${condition}`);
}
