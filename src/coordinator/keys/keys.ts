/**
 * The coordinator's side of keys: made, rotated, revoked, handed to the edges together with the sessions that
 * were ended. Sees digests only: the key itself never gets here. Every change is written together with its entry for the audit.
 */
import type { AccessKey } from '../../core/access/access-key.ts';
import { rotated, stateOf } from '../../core/access/access-key.ts';
import type { Actor } from '../../core/access/actor.ts';
import { ROOT } from '../../core/access/principal.ts';
import { SYSTEM } from '../../core/access/actor.ts';
import type { AuditAction } from '../../core/access/audit-entry.ts';
import type { KeyQuotasChange } from '../../core/access/key-quotas.ts';
import { NO_QUOTAS, isSameQuotas, withQuotas } from '../../core/access/key-quotas.ts';
import type { SessionRef } from '../../core/access/ended-session.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import type { AuditStore } from '../audit/audit-store.ts';
import type { FreshSecret, KeyDraft, KeyMark, KeySyncResponse, KeySyncRequest } from '../contract/coordinator-api.ts';
import type { EndedSessionStore } from './ended-session-store.ts';
import type { KeyStore } from './key-store.ts';

/** What an isolate can hold of them without getting into need. */
const MAX_KEYS = 50_000;
const SYNC_BATCH = 5_000;

export class Keys {
  private readonly keys: KeyStore;
  private readonly sessions: EndedSessionStore;
  private readonly audit: AuditStore;

  constructor(keys: KeyStore, sessions: EndedSessionStore, audit: AuditStore) {
    this.keys = keys;
    this.sessions = sessions;
    this.audit = audit;
  }

  create(draft: KeyDraft, actor: Actor, now: number): Result<AccessKey, 'key-limit' | 'already-issued'> {
    const known = this.keys.find(draft.id);
    // The same call again, by its id.
    if (known) return ok(known);
    // Of two who ask at once one comes second, and is to rotate what the first has made.
    if (draft.issue && this.issuedTo(draft.issue.componentId, now))
      return fail('already-issued', `${draft.issue.componentId} has a key`);
    if (this.keys.inForce() >= MAX_KEYS) return fail('key-limit', `there are ${MAX_KEYS} keys, the most allowed`);
    return ok(this.make(draft, actor, now));
  }

  rotate(
    id: string,
    fresh: FreshSecret,
    actor: Actor,
    now: number,
  ): Result<AccessKey, 'unknown-key' | 'key-not-active'> {
    const found = this.active(id, now);
    if (!found.ok) return found;
    const key = found.value;
    return ok(this.change(key, { ...key, secrets: rotated(key.secrets, fresh, now) }, 'key.rotate', actor, now));
  }

  /** What is not named stays; as it is already, nothing changes. */
  setQuotas(
    id: string,
    change: KeyQuotasChange,
    actor: Actor,
    now: number,
  ): Result<AccessKey, 'unknown-key' | 'key-not-active'> {
    const found = this.active(id, now);
    if (!found.ok) return found;
    const key = found.value;
    const quotas = withQuotas(key.quotas, change);
    return ok(isSameQuotas(quotas, key.quotas) ? key : this.change(key, { ...key, quotas }, 'key.change', actor, now));
  }

  private active(id: string, now: number): Result<AccessKey, 'unknown-key' | 'key-not-active'> {
    const key = this.keys.find(id);
    if (!key) return unknownKey(id);
    const state = stateOf(key, now);
    return state === 'active' ? ok(key) : fail('key-not-active', `${id} is ${state}`);
  }

  revoke(
    id: string,
    options: { readonly cascade: boolean },
    actor: Actor,
    now: number,
  ): Result<AccessKey, 'unknown-key'> {
    const key = this.keys.find(id);
    if (!key) return unknownKey(id);
    this.end(key, actor, now);
    if (options.cascade) this.endIssued(id, actor, now);
    return ok(this.keys.find(id)!);
  }

  /**
   * Whether a caller's key is in force now. They were let in by it a moment ago, or longer: a request may have
   * been open for any time, and what gives power must not be had by a key that is over.
   */
  isInForce(keyId: string, now: number): boolean {
    if (keyId === ROOT.keyId || keyId === SYSTEM.keyId) return true;
    const key = this.keys.find(keyId);
    return key !== undefined && stateOf(key, now) === 'active';
  }

  /** The key in force that a component has. */
  issuedTo(componentId: string, now: number): AccessKey | undefined {
    return this.keys.issuedTo(componentId).find((key) => stateOf(key, now) === 'active');
  }

  /** The component is gone and its key with it. */
  componentGone(componentId: string, now: number): void {
    for (const key of this.keys.issuedTo(componentId)) this.end(key, SYSTEM, now);
  }

  /** The cookie of that session lets nobody in any more. */
  endSession(session: SessionRef, actor: Actor, now: number): void {
    if (!this.sessions.end(session)) return;
    const change = { subject: session.keyId, actor, action: 'session.close', before: null, after: null } as const;
    this.audit.owe({ id: crypto.randomUUID(), at: now, ...change });
  }

  /** What an edge does not have yet, a page of it. */
  sync({ since, used }: KeySyncRequest, now: number): KeySyncResponse {
    for (const [id, at] of Object.entries(used)) this.keys.noteUsed(id, at);
    const { revision: current, forgottenUpTo: forgotten } = this.keys;
    const full = since === null || !isToldByChanges(since, current, forgotten);
    const { revision: from, beganAt } = full ? { revision: 0, beganAt: current } : since;
    const keys = this.keys.changedSince(from, { overBy: beganAt, now }, SYNC_BATCH);
    const sessions = this.sessions.endedSince(from, SYNC_BATCH);
    // As far as the shorter of two cut lists; to the last change, whatever became of it, when neither was cut.
    const cut = [keys, sessions].filter(({ length }) => length === SYNC_BATCH);
    const revision = Math.min(current, ...cut.map((list) => list.at(-1)!.revision));
    const isReached = (change: { readonly revision: number }): boolean => change.revision <= revision;
    return {
      full,
      mark: { revision, forgotten, beganAt },
      keys: keys.filter(isReached).map(({ key }) => key),
      endedSessions: sessions.filter(isReached).map(({ session }) => session),
      more: revision < current,
    };
  }

  private make(draft: KeyDraft, actor: Actor, now: number): AccessKey {
    const { id, name, scopes, digest, issue } = draft;
    // A key that was issued for another must not outlive it.
    const maker = issue ? this.keys.find(actor.keyId) : undefined;
    const expiresAt = draft.expiresAt ?? maker?.expiresAt ?? null;
    const key: AccessKey = {
      id,
      name,
      scopes,
      secrets: [{ digest, createdAt: now, endsAt: null }],
      createdAt: now,
      expiresAt,
      revokedAt: null,
      lastUsedAt: null,
      issuedBy: maker?.id ?? null,
      issuedTo: issue?.componentId ?? null,
      quotas: withQuotas(NO_QUOTAS, draft.quotas ?? {}),
    };
    return this.change(null, key, 'key.create', actor, now);
  }

  /** What was issued for a key, and for those keys in turn. */
  private endIssued(keyId: string, actor: Actor, now: number): void {
    for (const issued of this.keys.issuedBy(keyId)) {
      this.end(issued, actor, now);
      this.endIssued(issued.id, actor, now);
    }
  }

  private end(key: AccessKey, actor: Actor, now: number): void {
    if (key.revokedAt !== null) return;
    this.change(key, { ...key, secrets: [], revokedAt: now }, 'key.revoke', actor, now);
  }

  private change(
    before: AccessKey | null,
    after: AccessKey,
    action: AuditAction,
    actor: Actor,
    now: number,
  ): AccessKey {
    this.keys.save(after);
    this.audit.owe({
      id: crypto.randomUUID(),
      at: now,
      subject: after.id,
      actor,
      action,
      before: before && described(before),
      after: described(after),
    });
    return after;
  }
}

/** Whether what changed since is all that an edge is missing. */
function isToldByChanges(since: KeyMark, current: number, forgotten: number): boolean {
  // Storage was set back: nobody knows what the edge has seen.
  if (since.revision > current) return false;
  // What was forgotten before it began it never had; otherwise a long copy would begin anew for ever.
  return since.forgotten === forgotten || since.revision >= forgotten;
}

const unknownKey = (id: string) => fail('unknown-key', `there is no key ${id}`);

/** What the audit shows of a key: nothing of its secrets but when they were made and end. */
function described(key: AccessKey): JsonObject {
  const { id, name, scopes, secrets, expiresAt, revokedAt, issuedBy, issuedTo, quotas } = key;
  const kept = secrets.map(({ createdAt, endsAt }) => ({ createdAt, endsAt }));
  return {
    id,
    name,
    scopes: [...scopes],
    secrets: kept,
    expiresAt,
    revokedAt,
    issuedBy,
    issuedTo,
    quotas: { ...quotas },
  };
}
