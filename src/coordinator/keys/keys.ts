/**
 * Keys in the coordinator: creation, rotation, revocation, and the sync of keys and ended sessions to the edges. Only
 * digests get here, never a key itself.
 * Invariant: every change is stored in one transaction with its audit entry.
 */
import type { AccessKey } from '../../core/access/access-key.ts';
import { rotated, keyStateOf } from '../../core/access/access-key.ts';
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

/** Every isolate caches all keys. The limit bounds its memory. */
const MAX_KEYS = 50_000;
const SYNC_BATCH = 5_000;
/** Used links share the table of ended sessions under this id, apart from the sessions of each key. */
const SIGN_IN_LINKS = 'sign-in-links';

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
    // A retry of the same call has the same id.
    if (known) return ok(known);
    // Of two concurrent requests the second fails. Its caller must rotate the key that the first created.
    if (draft.issue && this.issuedTo(draft.issue.componentId, now))
      return fail('already-issued', `component ${draft.issue.componentId} already has a key in force`);
    if (this.keys.inForce() >= MAX_KEYS) return fail('key-limit', `the limit of ${MAX_KEYS} keys is reached`);
    return ok(this.issueKey(draft, actor, now));
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

  /** Changes the named quotas. A change without effect is not stored. */
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
    const state = keyStateOf(key, now);
    return state === 'active' ? ok(key) : fail('key-not-active', `key ${id} is ${state}`);
  }

  revoke(
    id: string,
    options: { readonly cascade: boolean },
    actor: Actor,
    now: number,
  ): Result<AccessKey, 'unknown-key'> {
    const key = this.keys.find(id);
    if (!key) return unknownKey(id);
    this.revokeOne(key, actor, now);
    if (options.cascade) this.revokeIssued(id, actor, now);
    return ok(this.keys.find(id)!);
  }

  /**
   * Whether a caller's key is in force now. The API checked the key when the request began, but a request may stay open
   * indefinitely. An ended key must not make changes.
   */
  isInForce(keyId: string, now: number): boolean {
    if (keyId === ROOT.keyId || keyId === SYSTEM.keyId) return true;
    const key = this.keys.find(keyId);
    return key !== undefined && keyStateOf(key, now) === 'active';
  }

  /** Key in force of a component. */
  issuedTo(componentId: string, now: number): AccessKey | undefined {
    return this.keys.issuedTo(componentId).find((key) => keyStateOf(key, now) === 'active');
  }

  /** Revokes the keys of a removed component. */
  onComponentRemoved(componentId: string, now: number): void {
    for (const key of this.keys.issuedTo(componentId)) this.revokeOne(key, SYSTEM, now);
  }

  /** Ends a session: its cookie is no longer accepted. */
  endSession(session: SessionRef, actor: Actor, now: number): void {
    if (!this.sessions.end(session)) return;
    const change = { subject: session.keyId, actor, action: 'session.close', before: null, after: null } as const;
    this.audit.enqueue({ id: crypto.randomUUID(), at: now, ...change });
  }

  /** Uses up a sign-in link. Returns false when it was used before. */
  redeemSignIn(link: SessionRef): boolean {
    return this.sessions.end({ ...link, keyId: SIGN_IN_LINKS });
  }

  /** One page of the changes that an edge lacks. */
  sync({ since, used }: KeySyncRequest, now: number): KeySyncResponse {
    for (const [id, at] of Object.entries(used)) this.keys.noteUsed(id, at);
    const { revision: current, forgottenUpTo: forgotten } = this.keys;
    const full = since === null || !isCoveredByChanges(since, current, forgotten);
    const { revision: from, startRevision } = full ? { revision: 0, startRevision: current } : since;
    const keys = this.keys.changedSince(from, { endedUpTo: startRevision, now }, SYNC_BATCH);
    const sessions = this.sessions.endedSince(from, SYNC_BATCH);
    // The page ends where the shorter of the truncated lists ends. If neither is truncated, it ends at the last change.
    const truncated = [keys, sessions].filter(({ length }) => length === SYNC_BATCH);
    const revision = Math.min(current, ...truncated.map((list) => list.at(-1)!.revision));
    const isIncluded = (change: { readonly revision: number }): boolean => change.revision <= revision;
    return {
      full,
      mark: { revision, forgotten, startRevision },
      keys: keys.filter(isIncluded).map(({ key }) => key),
      endedSessions: sessions.filter(isIncluded).map(({ session }) => session),
      more: revision < current,
    };
  }

  private issueKey(draft: KeyDraft, actor: Actor, now: number): AccessKey {
    const { id, name, scopes, digest, issue } = draft;
    // A key issued under another key must not outlive it.
    const issuer = issue ? this.keys.find(actor.keyId) : undefined;
    const expiresAt = draft.expiresAt ?? issuer?.expiresAt ?? null;
    const key: AccessKey = {
      id,
      name,
      scopes,
      secrets: [{ digest, createdAt: now, endsAt: null }],
      createdAt: now,
      expiresAt,
      revokedAt: null,
      lastUsedAt: null,
      issuedBy: issuer?.id ?? null,
      issuedTo: issue?.componentId ?? null,
      quotas: withQuotas(NO_QUOTAS, draft.quotas ?? {}),
    };
    return this.change(null, key, 'key.create', actor, now);
  }

  /** Revokes keys issued under a key, recursively. */
  private revokeIssued(keyId: string, actor: Actor, now: number): void {
    for (const issued of this.keys.issuedBy(keyId)) {
      this.revokeOne(issued, actor, now);
      this.revokeIssued(issued.id, actor, now);
    }
  }

  private revokeOne(key: AccessKey, actor: Actor, now: number): void {
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
    this.audit.enqueue({
      id: crypto.randomUUID(),
      at: now,
      subject: after.id,
      actor,
      action,
      before: before && auditView(before),
      after: auditView(after),
    });
    return after;
  }
}

/** Whether the changes since the mark are everything that the edge lacks; otherwise it needs a full copy. */
function isCoveredByChanges(since: KeyMark, current: number, forgotten: number): boolean {
  // The storage was set back, so the edge may have seen changes that no longer exist.
  if (since.revision > current) return false;
  // Rows deleted before the copy began were never in it. Without this rule, a long copy would restart forever.
  return since.forgotten === forgotten || since.revision >= forgotten;
}

const unknownKey = (id: string) => fail('unknown-key', `key ${id} does not exist`);

/** Audit view of a key. Of its secrets it shows only the times of creation and end. */
function auditView(key: AccessKey): JsonObject {
  const { id, name, scopes, secrets, expiresAt, revokedAt, issuedBy, issuedTo, quotas } = key;
  const secretTimes = secrets.map(({ createdAt, endsAt }) => ({ createdAt, endsAt }));
  return {
    id,
    name,
    scopes: [...scopes],
    secrets: secretTimes,
    expiresAt,
    revokedAt,
    issuedBy,
    issuedTo,
    quotas: { ...quotas },
  };
}
