/** Makes keys. Only here does a key exist whole; what leaves for the coordinator is its digest. */
import { coordinator } from '../coordinator/coordinator-api.ts';
import type { AccessKey } from '../core/access/access-key.ts';
import { stateOf } from '../core/access/access-key.ts';
import type { Actor } from '../core/access/actor.ts';
import { KEY_ID_BYTES, KEY_SECRET_BYTES, formatKey, keyIdOf } from '../core/access/key-format.ts';
import type { Result } from '../core/result.ts';
import { ok } from '../core/result.ts';
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
}

/** The component's last key works on for this long after it got another. */
const ISSUED_OVERLAP_MS = 600_000;

const random = (bytes: number): Uint8Array => crypto.getRandomValues(new Uint8Array(bytes));

export async function createKey(request: KeyRequest, actor: Actor): Promise<Result<NewKey, 'key-limit'>> {
  return create({ ...request, issuedBy: null, issuedTo: null }, actor);
}

/** Another secret for a key; the one before works until the overlap is over. */
export async function rotateKey(
  id: string,
  overlapMs: number,
  actor: Actor,
): Promise<Result<NewKey, 'unknown-key' | 'key-not-active'>> {
  const key = formatKey(id, random(KEY_SECRET_BYTES));
  const rotated = await coordinator().rotateKey(id, { digest: await digestOf(key), overlapMs }, actor);
  return rotated.ok ? ok({ record: rotated.value, key }) : rotated;
}

/** The key of a component, for that id alone: its first, or another in the place of the one it has. */
export async function issueComponentKey(
  componentId: string,
  issuedBy: string | null,
  actor: Actor,
): Promise<Result<NewKey, 'key-limit' | 'unknown-key' | 'key-not-active'>> {
  const known = await coordinator().keyIssuedTo(componentId);
  if (known && stateOf(known, Date.now()) === 'active') return rotateKey(known.id, ISSUED_OVERLAP_MS, actor);
  const scopes = [`component:${componentId}`];
  return create({ name: componentId, scopes, expiresAt: null, issuedBy, issuedTo: componentId }, actor);
}

async function create(
  request: KeyRequest & Pick<AccessKey, 'issuedBy' | 'issuedTo'>,
  actor: Actor,
): Promise<Result<NewKey, 'key-limit'>> {
  const id = keyIdOf(random(KEY_ID_BYTES));
  const key = formatKey(id, random(KEY_SECRET_BYTES));
  const created = await coordinator().createKey({ ...request, id, digest: await digestOf(key) }, actor);
  return created.ok ? ok({ record: created.value, key }) : created;
}
