/**
 * Checks a key that somebody presents: by digest, in constant time, from what the isolate holds.
 *
 * The admin key of the deployment is checked against the secret itself and works whatever is away. Any
 * other key needs a copy of the keys that is fresh; while the coordinator cannot be reached an older one
 * serves for a minute, and only keys that can change nothing but themselves.
 */
import { liveDigests } from '../../core/access/access-key.ts';
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
import { refOf } from './session.ts';

/** What a key answers for: its principal and the digest (SHA-256, hex) it was known by. */
export interface Checked {
  readonly principal: Principal;
  readonly digest: string;
}

export type KeyRefusal = 'not-configured' | 'unauthorized' | 'identity-unavailable';

type WaitUntil = (work: Promise<unknown>) => void;

/** Longest time a copy of the keys serves while it cannot be refreshed. */
const STALE_MS = 60_000;
/** A refresh takes a moment; a copy that was asked for so lately is as good as new. */
const SLACK_MS = 1_000;
/** Below this anybody could try them all; development takes what it is given. */
const MIN_ADMIN_KEY_LENGTH = 32;

let configured: { readonly key: string; readonly digest: string } | undefined;

/**
 * What keys that were right before answered for: saves the digest of each call. Found by the key itself, which is
 * random: how long a look into a map takes tells nobody anything about it.
 */
const proofs = new Map<string, Checked>();
const MAX_PROOFS = 10_000;

/** Checks a whole key as it came with the request. Answers at once when it was right before and nothing is out of date. */
export const checkKey = (
  presented: string,
  c: Call,
): Result<Checked, KeyRefusal> | Promise<Result<Checked, KeyRefusal>> =>
  checkProven(presented, c.env) ?? checkWhole(presented, c.env, waitUntilOf(c));

function checkProven(presented: string, { COORDINATOR_ADMIN_KEY: adminKey }: Env): Result<Checked, never> | null {
  const proof = proofs.get(presented);
  if (!proof || !adminKey || configured?.key !== adminKey) return null;
  const { keyId } = proof.principal;
  if (keyId === ROOT.keyId) return proof.digest === configured.digest ? ok(proof) : null;
  const now = Date.now();
  const known = cachedKey(keyId, now);
  if (!known || !liveDigests(known.key, now).includes(proof.digest)) return null;
  noteKeyUsed(keyId, now);
  return ok(proof);
}

async function checkWhole(presented: string, env: Env, waitUntil: WaitUntil): Promise<Result<Checked, KeyRefusal>> {
  const checked = await checkByDigest(presented, env, waitUntil);
  if (!checked.ok) return checked;
  // Rather all anew than a list of who came when.
  if (proofs.size >= MAX_PROOFS) proofs.clear();
  proofs.set(presented, checked.value);
  return checked;
}

async function checkByDigest(presented: string, env: Env, waitUntil: WaitUntil): Promise<Result<Checked, KeyRefusal>> {
  const admin = await adminDigest(env);
  if (!admin.ok) return admin;
  const digest = await digestOf(presented);
  if (sameDigest(digest, admin.value)) return ok({ principal: ROOT, digest });
  const id = idOfKey(presented);
  if (id === undefined) return fail('unauthorized', 'send Authorization: Bearer <key>');
  return checkKnown(id, (known) => sameDigest(digest, known), waitUntil);
}

/** Checks a session: that the key it was opened with is still good, by the digest it had, and that nobody ended it. */
export async function checkSession(session: Session, c: Call): Promise<Result<Checked, KeyRefusal>> {
  const admin = await adminDigest(c.env);
  if (!admin.ok) return admin;
  const matches = (known: string): boolean => sameDigest(session.digest, known);
  const checked =
    session.keyId === ROOT.keyId
      ? await checkRootAgain(matches(admin.value), session.digest, waitUntilOf(c))
      : await checkKnown(session.keyId, matches, waitUntilOf(c));
  return checked.ok && isSessionEnded(refOf(session)) ? fail('unauthorized', 'the session is over') : checked;
}

/** The admin key itself works whatever is away; whether a session of it was ended must be known. */
async function checkRootAgain(
  matches: boolean,
  digest: string,
  waitUntil: WaitUntil,
): Promise<Result<Checked, KeyRefusal>> {
  if (!matches) return fail('unauthorized', 'the key is not valid any more');
  const { ageMs } = await findKey(ROOT.keyId, () => false, waitUntil);
  return ageMs > FRESH_MS + SLACK_MS
    ? fail('identity-unavailable', 'nobody can say right now whether the session was ended')
    : ok({ principal: ROOT, digest });
}

async function checkKnown(
  id: string,
  matches: (digest: string) => boolean,
  waitUntil: WaitUntil,
): Promise<Result<Checked, KeyRefusal>> {
  const isRight = ({ known }: KeyLookup): boolean =>
    known !== undefined && liveDigests(known.key, Date.now()).some(matches);
  const atHand = await findKey(id, servesStale, waitUntil);
  // Before it is refused: it may have been made, or rotated, since our copy was.
  const { known, ageMs } = isRight(atHand) ? atHand : await refetchKey(id, waitUntil);
  if (ageMs > STALE_MS) return fail('identity-unavailable', 'the keys cannot be read right now');
  const now = Date.now();
  const digest = known && liveDigests(known.key, now).find(matches);
  if (!known || digest === undefined) {
    // From an old copy nobody can say that a key does not exist.
    return ageMs > FRESH_MS + SLACK_MS
      ? fail('identity-unavailable', 'the keys cannot be read right now')
      : fail('unauthorized', 'send Authorization: Bearer <key>');
  }
  if (ageMs > FRESH_MS + SLACK_MS && !servesStale(known, ageMs))
    return fail('identity-unavailable', 'the keys cannot be read right now, and this key could do harm');
  noteKeyUsed(id, now);
  return ok({ principal: { keyId: id, keyName: known.key.name, scopes: known.scopes }, digest });
}

const STALE_SCOPES: readonly string[] = ['viewer', 'router', 'component'];

const servesStale = ({ scopes }: KnownKey, ageMs: number): boolean =>
  ageMs <= STALE_MS && scopes.every(({ kind }) => STALE_SCOPES.includes(kind));

/** Digest of the admin key, made once per isolate. */
async function adminDigest(env: Env): Promise<Result<string, 'not-configured'>> {
  const { COORDINATOR_ADMIN_KEY: key, ALLOW_PRIVATE_ENDPOINTS: development } = env;
  if (!key) return fail('not-configured', 'set the secret COORDINATOR_ADMIN_KEY');
  if (key.length < MIN_ADMIN_KEY_LENGTH && development !== 'true')
    return fail('not-configured', `COORDINATOR_ADMIN_KEY is too short: at least ${MIN_ADMIN_KEY_LENGTH} characters`);
  if (configured?.key !== key) configured = { key, digest: await digestOf(key) };
  return ok(configured.digest);
}

const encoder = new TextEncoder();

/** SHA-256 of a key, hex: what is kept of it. The key is random, so no salt and no slow hash are needed. */
export async function digestOf(key: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(key))).toHex();
}

const sameDigest = (a: string, b: string): boolean =>
  a.length === b.length && crypto.subtle.timingSafeEqual(encoder.encode(a), encoder.encode(b));
