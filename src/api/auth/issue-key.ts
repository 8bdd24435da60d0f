/**
 * Creation and rotation of keys at the edge.
 *
 * Invariant: only this module sees a new key in plain text. The coordinator receives its digest.
 */
import type { FreshSecret, KeyIssue } from '../../coordinator/contract/coordinator-api.ts';
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import type { AccessKey } from '../../core/access/access-key.ts';
import type { KeyQuotasChange } from '../../core/access/key-quotas.ts';
import type { Actor } from '../../core/access/actor.ts';
import { KEY_ID_BYTES, KEY_SECRET_BYTES, formatKey, keyIdOf } from '../../core/access/key-format.ts';
import type { ActorRefusal } from '../../core/quota/change-quota.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import { digestOf } from './check-key.ts';

export interface NewKey {
  readonly record: AccessKey;
  /** The key in plain text: returned to the caller once and stored nowhere. */
  readonly key: string;
}

export interface KeyRequest {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly expiresAt: number | null;
  readonly quotas?: KeyQuotasChange;
}

/** How long a component's previous secret stays valid after a new one was issued. */
const ISSUED_OVERLAP_MS = 600_000;
const ISSUE_ATTEMPTS = 4;
/** Refusals caused by a concurrent change between `keyIssuedTo` and the write. */
const CONFLICT_REASONS: readonly string[] = ['already-issued', 'unknown-key', 'key-not-active'];

const random = (bytes: number): Uint8Array => crypto.getRandomValues(new Uint8Array(bytes));

export async function createKey(request: KeyRequest, actor: Actor): Promise<Result<NewKey, CreateRefusal>> {
  // Without `issue` the coordinator never returns 'already-issued'.
  return (await create({ ...request, issue: null }, actor)) as Result<NewKey, CreateRefusal>;
}

/** Gives a key a new secret. The previous secret stays valid for `overlapMs`. */
export async function rotateKey(
  id: string,
  rotation: Omit<FreshSecret, 'digest'>,
  actor: Actor,
): Promise<Result<NewKey, RotateRefusal>> {
  const key = formatKey(id, random(KEY_SECRET_BYTES));
  const rotated = await coordinator().rotateKey(id, { ...rotation, digest: await digestOf(key) }, actor);
  return rotated.ok ? ok({ record: rotated.value, key }) : rotated;
}

/**
 * Issues the key of one component: creates the first, or rotates the existing one. After a concurrent issue or
 * revocation the function reads again, up to `ISSUE_ATTEMPTS` times, then fails with `busy`.
 */
export async function issueComponentKey(issue: KeyIssue, actor: Actor): Promise<Result<NewKey, IssueRefusal>> {
  const { componentId } = issue;
  for (let attempt = 0; attempt < ISSUE_ATTEMPTS; attempt++) {
    const known = await coordinator().keyIssuedTo(componentId);
    const issued = known
      ? await rotateKey(known.id, { overlapMs: ISSUED_OVERLAP_MS, issue }, actor)
      : await create({ name: componentId, scopes: [`component:${componentId}`], expiresAt: null, issue }, actor);
    if (issued.ok || !CONFLICT_REASONS.includes(issued.reason)) return issued as Result<NewKey, IssueRefusal>;
  }
  return fail('busy', `the key of ${componentId} was changed by other calls ${ISSUE_ATTEMPTS} times in a row`);
}

type CreateRefusal = 'key-limit' | 'unknown-component' | ActorRefusal;
type RotateRefusal = 'unknown-key' | 'key-not-active' | 'unknown-component' | ActorRefusal;
type IssueRefusal = 'key-limit' | 'unknown-component' | ActorRefusal | 'busy';

async function create(
  request: KeyRequest & { readonly issue: KeyIssue | null },
  actor: Actor,
): Promise<Result<NewKey, CreateRefusal | 'already-issued'>> {
  const id = keyIdOf(random(KEY_ID_BYTES));
  const key = formatKey(id, random(KEY_SECRET_BYTES));
  const created = await coordinator().createKey({ ...request, id, digest: await digestOf(key) }, actor);
  return created.ok ? ok({ record: created.value, key }) : created;
}
