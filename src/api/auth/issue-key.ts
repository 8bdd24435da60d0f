/** Makes keys. Only here does a key exist whole; what leaves for the coordinator is its digest. */
import type { FreshSecret, KeyIssue } from '../../coordinator/contract/coordinator-api.ts';
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import type { AccessKey } from '../../core/access/access-key.ts';
import type { KeyQuotasChange } from '../../core/access/key-quotas.ts';
import type { Actor } from '../../core/access/actor.ts';
import { KEY_ID_BYTES, KEY_SECRET_BYTES, formatKey, keyIdOf } from '../../core/access/key-format.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import { digestOf } from './check-key.ts';

export interface NewKey {
  readonly record: AccessKey;
  /** The key itself: shown once, kept by nobody. */
  readonly key: string;
}

export interface KeyRequest {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly expiresAt: number | null;
  readonly quotas?: KeyQuotasChange;
}

/** The component's last key works on for this long after it got another. */
const ISSUED_OVERLAP_MS = 600_000;
const ISSUE_ATTEMPTS = 4;
/** What may have happened since we looked whether the component has a key. */
const OVERTAKEN: readonly string[] = ['already-issued', 'unknown-key', 'key-not-active'];

const random = (bytes: number): Uint8Array => crypto.getRandomValues(new Uint8Array(bytes));

export async function createKey(request: KeyRequest, actor: Actor): Promise<Result<NewKey, CreateRefusal>> {
  // Meant for no component, it cannot have been issued to one.
  return (await create({ ...request, issue: null }, actor)) as Result<NewKey, CreateRefusal>;
}

/** Another secret for a key; the one before works until the overlap is over. */
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
 * The key of a component, for that id alone: its first, or another in the place of the one it has. Whoever is
 * overtaken by another asker, or by a revocation, looks again.
 */
export async function issueComponentKey(issue: KeyIssue, actor: Actor): Promise<Result<NewKey, IssueRefusal>> {
  const { componentId } = issue;
  for (let attempt = 0; attempt < ISSUE_ATTEMPTS; attempt++) {
    const known = await coordinator().keyIssuedTo(componentId);
    const issued = known
      ? await rotateKey(known.id, { overlapMs: ISSUED_OVERLAP_MS, issue }, actor)
      : await create({ name: componentId, scopes: [`component:${componentId}`], expiresAt: null, issue }, actor);
    if (issued.ok || !OVERTAKEN.includes(issued.reason)) return issued as Result<NewKey, IssueRefusal>;
  }
  return fail('busy', `keys of ${componentId} were changed again and again`);
}

type CreateRefusal = 'key-limit' | 'unknown-component' | 'too-many-changes' | 'unauthorized';
type RotateRefusal = 'unknown-key' | 'key-not-active' | 'unknown-component' | 'too-many-changes' | 'unauthorized';
type IssueRefusal = 'key-limit' | 'unknown-component' | 'too-many-changes' | 'unauthorized' | 'busy';

async function create(
  request: KeyRequest & { readonly issue: KeyIssue | null },
  actor: Actor,
): Promise<Result<NewKey, CreateRefusal | 'already-issued'>> {
  const id = keyIdOf(random(KEY_ID_BYTES));
  const key = formatKey(id, random(KEY_SECRET_BYTES));
  const created = await coordinator().createKey({ ...request, id, digest: await digestOf(key) }, actor);
  return created.ok ? ok({ record: created.value, key }) : created;
}
