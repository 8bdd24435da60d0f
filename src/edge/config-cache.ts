/**
 * An isolate's copy of the configuration: what types, request types and settings are looked up in, without a call.
 *
 * Older than 1 s it is refreshed behind the answer, older than 2 s before it, so that a change is felt within 3 s.
 * While the coordinator cannot be reached the last copy serves on; before there is one, the defaults do. All who
 * wait share one refresh.
 */
import type { ConfigDocuments } from '../core/config/config-documents.ts';
import { NO_DOCUMENTS } from '../core/config/config-documents.ts';
import type { EffectiveConfig } from '../core/config/effective-config.ts';
import { resolveConfig } from '../core/config/effective-config.ts';
import { settlesWithin } from '../long-poll/with-timeout.ts';
import { coordinator } from '../coordinator/contract/coordinator-api.ts';

type WaitUntil = (work: Promise<unknown>) => void;

const FRESH_MS = 2_000;
const BACKGROUND_REFRESH_MS = 1_000;
/** A copy asked for so lately is as good as new to whoever misses something in it. */
const JUST_NOW_MS = 250;
/** How long a refresh may keep a caller waiting before the last copy serves. */
const WAIT_MS = 1_000;
/** A refresh that has not answered by then is not waited for any more: a new one begins. */
const GIVE_UP_MS = 5_000;
/** No revision: whatever there is, is news. */
const NEVER = -1;

interface Refresh {
  readonly beganAt: number;
  readonly done: Promise<void>;
}

let held = resolveConfig(NO_DOCUMENTS);
/** When the call began whose answer we hold: nothing changed before it is missing. 0 for none. */
let askedAt = 0;
let refreshing: Refresh | null = null;

/** The copy when it can serve at once; otherwise see `freshConfig`. */
export function cachedConfig(now: number, waitUntil: WaitUntil): EffectiveConfig | null {
  const age = ageAt(now);
  if (age >= FRESH_MS) return null;
  if (age >= BACKGROUND_REFRESH_MS && !underWay(now)) refresh(now, waitUntil);
  return held;
}

/** The copy after a refresh that was waited for. */
export async function freshConfig(waitUntil: WaitUntil): Promise<EffectiveConfig> {
  const now = Date.now();
  const { beganAt, done } = refresh(now, waitUntil);
  // Whoever comes later to a refresh that hangs waits only for what is left.
  await settlesWithin(done, Math.min(WAIT_MS, beganAt + WAIT_MS - now));
  return held;
}

/** A copy for whoever is about to say that there is no such thing: it may have been configured a moment ago. */
export async function latestConfig(waitUntil: WaitUntil): Promise<EffectiveConfig> {
  return ageAt(Date.now()) < JUST_NOW_MS ? held : freshConfig(waitUntil);
}

/** A copy that was asked for after that time, epoch ms; the last there is while the coordinator cannot be reached. */
export async function configSince(since: number, waitUntil: WaitUntil): Promise<EffectiveConfig> {
  if (askedAt < since) await freshConfig(waitUntil);
  // One that was under way may have been asked for too early.
  if (askedAt < since) await freshConfig(waitUntil);
  return held;
}

/** Takes in what a change through this isolate has made of the documents. */
export function applyConfig(documents: ConfigDocuments): EffectiveConfig {
  if (documents.revision > held.revision) held = resolveConfig(documents, held);
  return held;
}

// A clock that went back tells nothing of the age.
const ageAt = (now: number): number => (askedAt > 0 && now >= askedAt ? now - askedAt : Infinity);

function underWay(now: number): Refresh | null {
  return refreshing && now >= refreshing.beganAt && now - refreshing.beganAt < GIVE_UP_MS ? refreshing : null;
}

/** Refreshes once however many ask. It goes on behind the answer to whoever began it, or it would die with that request. */
function refresh(now: number, waitUntil: WaitUntil): Refresh {
  const before = underWay(now);
  if (before) return before;
  const isCurrent = (): boolean => refreshing === begun;
  const begun: Refresh = { beganAt: now, done: Promise.resolve().then(() => fetchChanges(now, isCurrent)) };
  refreshing = begun;
  waitUntil(begun.done);
  return begun;
}

/** One that was given up and answers late changes nothing. */
async function fetchChanges(beganAt: number, isCurrent: () => boolean): Promise<void> {
  const before = held;
  try {
    const documents = await coordinator().syncConfig(askedAt === 0 ? NEVER : before.revision);
    if (!isCurrent()) return;
    // What was changed through this isolate meanwhile may be missing in the answer.
    if (documents && (held === before || documents.revision > held.revision)) held = resolveConfig(documents, held);
    askedAt = beganAt;
  } catch (error) {
    console.error(JSON.stringify({ message: 'configuration not refreshed', error: String(error) }));
  } finally {
    if (isCurrent()) refreshing = null;
  }
}
