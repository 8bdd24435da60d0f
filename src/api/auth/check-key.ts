/**
 * Key and session check of the edge: compares digests in constant time against the isolate's copy of the keys.
 *
 * The deployment's admin key is checked against the secret itself, so it works while the coordinator is unavailable.
 * Any other key needs a fresh copy of the keys. While the coordinator is unreachable a copy up to 15 minutes old
 * serves, but only keys whose scopes are all viewer, router or component.
 */
import { weaknessOfAdminKey } from '../../core/access/admin-key.ts';
import { validDigests } from '../../core/access/access-key.ts';
import { idOfKey } from '../../core/access/key-format.ts';
import type { Principal } from '../../core/access/principal.ts';
import { ROOT } from '../../core/access/principal.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { KeyLookup } from '../../edge/key-cache.ts';
import { FRESH_MS, findKey, refetchKey, cachedKey, isSessionEnded, noteKeyUsed } from '../../edge/key-cache.ts';
import type { KnownKey } from '../../edge/key-copy.ts';
import type { Call } from '../http/call.ts';
import { waitUntilOf } from '../http/call.ts';
import type { Session } from '../http/session-data.ts';
import { sessionRefOf } from './session.ts';

/** A valid key: its principal and the digest (SHA-256, hex) that matched. */
export interface CheckedKey {
  readonly principal: Principal;
  readonly digest: string;
}

export type KeyRefusal = 'not-configured' | 'unauthorized' | 'identity-unavailable';

type WaitUntil = (work: Promise<unknown>) => void;

/**
 * Maximum age of a copy of the keys while the coordinator is unreachable. Routing must outlast a longer outage, and no
 * key can be revoked meanwhile: a revocation needs the coordinator.
 */
const STALE_MS = 900_000;
/** Allowance for the duration of a refresh: a copy this much older than `FRESH_MS` still counts as fresh. */
const SLACK_MS = 1_000;

let adminKeyCache: { readonly key: string; readonly digest: string } | undefined;

/**
 * Keys that were valid before, with their results, so that a call needs no new digest. The map is indexed by the key
 * itself: keys are random, so the duration of a lookup reveals nothing about them.
 */
const verifiedKeys = new Map<string, CheckedKey>();
const MAX_VERIFIED_KEYS = 10_000;

/**
 * Checks a key as the caller presented it. Returns without a promise when the key was valid before and the copy of the
 * keys is fresh.
 */
export const checkKey = (
  presented: string,
  c: Call,
): Result<CheckedKey, KeyRefusal> | Promise<Result<CheckedKey, KeyRefusal>> =>
  checkVerified(presented, c.env) ?? checkAndRemember(presented, c.env, waitUntilOf(c));

function checkVerified(presented: string, { COORDINATOR_ADMIN_KEY: adminKey }: Env): Result<CheckedKey, never> | null {
  const verified = verifiedKeys.get(presented);
  if (!verified || !adminKey || adminKeyCache?.key !== adminKey) return null;
  const { keyId } = verified.principal;
  if (keyId === ROOT.keyId) return verified.digest === adminKeyCache.digest ? ok(verified) : null;
  const now = Date.now();
  const known = cachedKey(keyId, now);
  if (!known || !validDigests(known.key, now).includes(verified.digest)) return null;
  noteKeyUsed(keyId, now);
  return ok(verified);
}

async function checkAndRemember(
  presented: string,
  env: Env,
  waitUntil: WaitUntil,
): Promise<Result<CheckedKey, KeyRefusal>> {
  const checked = await checkByDigest(presented, env, waitUntil);
  if (!checked.ok) return checked;
  // Clearing everything is cheaper than keeping the order of use.
  if (verifiedKeys.size >= MAX_VERIFIED_KEYS) verifiedKeys.clear();
  verifiedKeys.set(presented, checked.value);
  return checked;
}

async function checkByDigest(
  presented: string,
  env: Env,
  waitUntil: WaitUntil,
): Promise<Result<CheckedKey, KeyRefusal>> {
  const admin = await adminDigest(env);
  if (!admin.ok) return admin;
  const digest = await digestOf(presented);
  if (sameDigest(digest, admin.value)) return ok({ principal: ROOT, digest });
  const id = idOfKey(presented);
  if (id === undefined) return fail('unauthorized', 'send Authorization: Bearer <key>');
  return checkKnown(id, (known) => sameDigest(digest, known), waitUntil);
}

/** Checks a session: its key still has the digest of the sign-in, and the session was not ended early. */
export async function checkSession(session: Session, c: Call): Promise<Result<CheckedKey, KeyRefusal>> {
  const admin = await adminDigest(c.env);
  if (!admin.ok) return admin;
  const matches = (known: string): boolean => sameDigest(session.digest, known);
  const checked =
    session.keyId === ROOT.keyId
      ? await checkAdminSession(matches(admin.value), session.digest, waitUntilOf(c))
      : await checkKnown(session.keyId, matches, waitUntilOf(c));
  return checked.ok && isSessionEnded(sessionRefOf(session)) ? fail('unauthorized', 'the session was ended') : checked;
}

/** The admin key works without the coordinator, but a session of it needs a fresh list of ended sessions. */
async function checkAdminSession(
  matches: boolean,
  digest: string,
  waitUntil: WaitUntil,
): Promise<Result<CheckedKey, KeyRefusal>> {
  if (!matches) return fail('unauthorized', 'the key is no longer valid');
  const { ageMs } = await findKey(ROOT.keyId, () => false, waitUntil);
  return ageMs > FRESH_MS + SLACK_MS
    ? fail('identity-unavailable', 'cannot check right now whether the session was ended')
    : ok({ principal: ROOT, digest });
}

async function checkKnown(
  id: string,
  matches: (digest: string) => boolean,
  waitUntil: WaitUntil,
): Promise<Result<CheckedKey, KeyRefusal>> {
  const isValid = ({ known }: KeyLookup): boolean =>
    known !== undefined && validDigests(known.key, Date.now()).some(matches);
  const cached = await findKey(id, servesStale, waitUntil);
  // Refetch before refusing: the key may have been created or rotated after this copy was fetched.
  const { known, ageMs } = isValid(cached) ? cached : await refetchKey(id, waitUntil);
  if (ageMs > STALE_MS) return fail('identity-unavailable', 'the keys cannot be read right now');
  const now = Date.now();
  const digest = known && validDigests(known.key, now).find(matches);
  if (!known || digest === undefined) {
    // An old copy cannot prove that a key does not exist.
    return ageMs > FRESH_MS + SLACK_MS
      ? fail('identity-unavailable', 'the keys cannot be read right now')
      : fail('unauthorized', 'send Authorization: Bearer <key>');
  }
  if (ageMs > FRESH_MS + SLACK_MS && !servesStale(known, ageMs))
    return fail(
      'identity-unavailable',
      'the keys cannot be read right now, and the scopes of this key need a fresh copy',
    );
  noteKeyUsed(id, now);
  const { name: keyName, issuedBy } = known.key;
  return ok({ principal: { keyId: id, keyName, scopes: known.scopes, accountId: issuedBy ?? id }, digest });
}

const STALE_SCOPES: readonly string[] = ['viewer', 'router', 'component'];

const servesStale = ({ scopes }: KnownKey, ageMs: number): boolean =>
  ageMs <= STALE_MS && scopes.every(({ kind }) => STALE_SCOPES.includes(kind));

/** Digest of the admin key, computed once per isolate and key. */
async function adminDigest({ COORDINATOR_ADMIN_KEY: key }: Env): Promise<Result<string, 'not-configured'>> {
  if (!key) return fail('not-configured', 'set the secret COORDINATOR_ADMIN_KEY');
  if (adminKeyCache?.key !== key) {
    // Development included: a setting that allows private endpoints must not weaken the key.
    const weakness = weaknessOfAdminKey(key);
    if (weakness !== null) return fail('not-configured', weakness);
    adminKeyCache = { key, digest: await digestOf(key) };
  }
  return ok(adminKeyCache.digest);
}

const encoder = new TextEncoder();

/** SHA-256 of a key, hex; only the digest is stored. Keys are random, so neither salt nor a slow hash is needed. */
export async function digestOf(key: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(key))).toHex();
}

const sameDigest = (a: string, b: string): boolean =>
  a.length === b.length && crypto.subtle.timingSafeEqual(encoder.encode(a), encoder.encode(b));
