/**
 * A key as it is kept: never the key itself, only digests of it. Decides which of its secrets are good
 * at a time; comparing digests in constant time is the caller's part, because the core has no crypto.
 */
import type { KeyQuotas } from './key-quotas.ts';

export interface AccessKey {
  readonly id: string;
  readonly name: string;
  /** As text: see `scope.ts`. */
  readonly scopes: readonly string[];
  /** The newest first; two while a rotation overlaps. Empty once revoked. */
  readonly secrets: readonly KeySecret[];
  readonly createdAt: number;
  /** Epoch ms, or null. */
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  /** To five minutes; null when it was never used. */
  readonly lastUsedAt: number | null;
  /** Id of the registrar's key it was issued for, or null when a person made it. */
  readonly issuedBy: string | null;
  /** The component it was issued to, with which it goes. */
  readonly issuedTo: string | null;
  readonly quotas: KeyQuotas;
}

export interface KeySecret {
  /** SHA-256 of the whole key, hex. */
  readonly digest: string;
  readonly createdAt: number;
  /** Epoch ms at which a rotation ends it; null for the current one. */
  readonly endsAt: number | null;
}

export type KeyState = 'active' | 'expired' | 'revoked';

export function stateOf(key: Pick<AccessKey, 'expiresAt' | 'revokedAt'>, now: number): KeyState {
  if (key.revokedAt !== null) return 'revoked';
  return key.expiresAt !== null && now >= key.expiresAt ? 'expired' : 'active';
}

/** Digests that open the door at `now`. */
export function liveDigests(key: Pick<AccessKey, 'expiresAt' | 'revokedAt' | 'secrets'>, now: number): string[] {
  if (stateOf(key, now) !== 'active') return [];
  return key.secrets.filter(({ endsAt }) => endsAt === null || now < endsAt).map(({ digest }) => digest);
}

/** The secrets after a rotation: the new one, and the current one until the overlap ends. */
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
