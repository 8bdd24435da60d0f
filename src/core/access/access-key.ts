/**
 * Access key as stored: digests of its secrets, never the key itself. Decides which secrets are valid at a time. The
 * caller compares digests in constant time, because the core has no crypto.
 */
import type { KeyQuotas } from './key-quotas.ts';

export interface AccessKey {
  readonly id: string;
  readonly name: string;
  /** Scopes as text: see `scope.ts`. */
  readonly scopes: readonly string[];
  /** Newest first; two while a rotation overlaps. Empty once revoked. */
  readonly secrets: readonly KeySecret[];
  readonly createdAt: number;
  /** Epoch ms; null for no expiry. */
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  /** Epoch ms, accurate to five minutes; null if never used. */
  readonly lastUsedAt: number | null;
  /** Id of the registrar's key that it was issued for; null if created by an operator. */
  readonly issuedBy: string | null;
  /** Component that the key was issued to; removing the component removes the key. Null for other keys. */
  readonly issuedTo: string | null;
  readonly quotas: KeyQuotas;
}

export interface KeySecret {
  /** SHA-256 of the whole key, hex. */
  readonly digest: string;
  readonly createdAt: number;
  /** Epoch ms at which a rotation ends it; null for the current secret. */
  readonly endsAt: number | null;
}

export type KeyState = 'active' | 'expired' | 'revoked';

export function keyStateOf(key: Pick<AccessKey, 'expiresAt' | 'revokedAt'>, now: number): KeyState {
  if (key.revokedAt !== null) return 'revoked';
  return key.expiresAt !== null && now >= key.expiresAt ? 'expired' : 'active';
}

/** Digests of the secrets that are valid at `now`. */
export function validDigests(key: Pick<AccessKey, 'expiresAt' | 'revokedAt' | 'secrets'>, now: number): string[] {
  if (keyStateOf(key, now) !== 'active') return [];
  return key.secrets.filter(({ endsAt }) => endsAt === null || now < endsAt).map(({ digest }) => digest);
}

/** Returns the secrets after a rotation: the new one, and the current one until the overlap ends. */
export function rotated(
  secrets: readonly KeySecret[],
  fresh: { readonly digest: string; readonly overlapMs: number },
  now: number,
): KeySecret[] {
  const current = secrets[0];
  const next: KeySecret = { digest: fresh.digest, createdAt: now, endsAt: null };
  if (!current || fresh.overlapMs === 0) return [next];
  const endsAt = Math.min(now + fresh.overlapMs, current.endsAt ?? Infinity);
  return [next, { ...current, endsAt }];
}
