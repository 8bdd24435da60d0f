/** API of the SystemCoordinator: types that its callers see. */
import { env } from 'cloudflare:workers';
import type { AccessKey } from '../../core/access/access-key.ts';
import type { Actor } from '../../core/access/actor.ts';
import type { AuditEntry } from '../../core/access/audit-entry.ts';
import type { ConfigDocuments } from '../../core/config/config-documents.ts';
import type { KeyQuotasChange } from '../../core/access/key-quotas.ts';
import type { EventSink, EventType, LoggedEvent } from '../../core/event/coordinator-event.ts';
import type { LogPage } from '../../core/event/log-page.ts';
import type { EndedSession, SessionRef } from '../../core/access/ended-session.ts';
import type {
  IncidentReport,
  OpenIncident,
  RaisedIncident,
  TimelineEntry,
} from '../../core/incident/incident-report.ts';
import type { Silence } from '../../core/incident/silence.ts';
import type { SystemHealth } from '../../core/health/system-health.ts';
import type { ActorRefusal, QuotaHolder } from '../../core/quota/change-quota.ts';
import type { Result } from '../../core/result.ts';
import type { ConfigApi } from './config-api.ts';
import type { WebhookApi } from './webhook-api.ts';

export interface CoordinatorApi extends EventSink, ConfigApi, WebhookApi {
  /**
   * Reserves an id for a registration, for 60 s. The returned sequence orders all claims and becomes the generation of
   * the registration.
   */
  claim(claim: Claim): Promise<Result<Claimed, ClaimRefusal>>;
  /**
   * Confirms a claim after the registry has stored the registration. Returns false if the claim was lost: the caller
   * must claim again.
   */
  confirm(id: string, sequence: number): Promise<boolean>;
  /** Releases a claim whose registration was refused, and removes the entry made under its sequence. */
  release(id: string, sequence: number): Promise<void>;
  /** Reports that the registry removed the component registered under that sequence. */
  removed(id: string, sequence: number): Promise<void>;
  /** Type of a registered component; null if it is not registered. */
  typeOf(id: string): Promise<string | null>;
  /** Types of several components, in the order of `ids`. */
  typesOf(ids: readonly string[]): Promise<(string | null)[]>;
  /** Claims that have expired, for the sweep to settle. */
  overdueClaims(now: number): Promise<UnsettledClaim[]>;
  /**
   * Settles a claim: makes the entry match what the registry holds. `registered` is null if the registry holds nothing.
   */
  settle(id: string, sequence: number, registered: RegisteredClaim | null): Promise<void>;
  /**
   * Events of one page of at most about 1 MiB, but at least one if any matches. A page shorter than `limit` is not the
   * end.
   */
  events(query: EventQuery): Promise<LoggedEvent[]>;
  /** The same, with the span of the log. Waits up to `holdMs` while the log has nothing after `after`. */
  readLog(query: EventQuery, holdMs: number): Promise<LogPage>;
  /** Sequence of the last event. Waits up to `holdMs` while it equals `known`. */
  sequence(known: number | null, holdMs: number): Promise<number>;
  /** Last revision that the registry of a type reported; null if it never reported. */
  reportedRevision(type: string): Promise<number | null>;
  /** Types that have or had a component: the types whose registries exist. */
  registeredTypes(): Promise<string[]>;
  /** Types that have components, without the type `except`. */
  populatedTypes(except: string): Promise<string[]>;
  systemHealth(): Promise<SystemHealth>;
  /** Reports whether a write to the history has just succeeded. */
  reportHistoryWrite(works: boolean): Promise<void>;

  /**
   * Opens an incident, or adds a repeat to the component's open one. Sends an alert unless a silence matches or the
   * last alert was too recent.
   */
  raiseIncident(raise: IncidentReport): Promise<RaisedIncident>;
  /** Unresolved incidents by component id, ascending, after the id `after`. */
  openIncidents(after: string, limit: number): Promise<OpenIncident[]>;
  /** Timeline entries that the history has not stored yet, oldest first. */
  pendingTimelineEntries(limit: number): Promise<TimelineEntry[]>;
  /** The history has them. */
  settleTimelineEntries(entries: readonly Pick<TimelineEntry, 'incidentId' | 'key'>[]): Promise<void>;
  /** Silences in force, the next to end first. */
  silences(): Promise<Silence[]>;
  addSilence(silence: Silence, actor: Actor): Promise<Result<Silence, 'silence-limit' | ActorRefusal>>;
  /** Ends a silence now. Ending it again changes nothing. */
  endSilence(id: string, actor: Actor): Promise<Result<Silence, 'not-found' | ActorRefusal>>;

  /** Creates a key. If the id already exists, returns the existing key. A component has at most one key in force. */
  createKey(
    draft: KeyDraft,
    actor: Actor,
  ): Promise<Result<AccessKey, 'key-limit' | 'already-issued' | 'unknown-component' | ActorRefusal>>;
  /** Adds a new secret; the previous one works until the overlap has ended. */
  rotateKey(
    id: string,
    fresh: FreshSecret,
    actor: Actor,
  ): Promise<Result<AccessKey, 'unknown-key' | 'key-not-active' | 'unknown-component' | ActorRefusal>>;
  /** Changes the lease quotas of a key. Quotas that the change does not name stay. */
  setQuotas(
    id: string,
    change: KeyQuotasChange,
    actor: Actor,
  ): Promise<Result<AccessKey, 'unknown-key' | 'key-not-active' | ActorRefusal>>;
  /** Revokes a key. `cascade` also revokes the keys issued under it. Revoking it again changes nothing. */
  revokeKey(
    id: string,
    options: { cascade: boolean },
    actor: Actor,
  ): Promise<Result<AccessKey, 'unknown-key' | ActorRefusal>>;
  key(id: string): Promise<AccessKey | null>;
  /** Keys by id, ascending, after the id `after`. */
  keys(after: string, limit: number): Promise<AccessKey[]>;
  /** Key in force that was issued to a component; null if there is none. */
  keyIssuedTo(componentId: string): Promise<AccessKey | null>;
  /** Uses up a sign-in link. Returns false when it was used before. */
  redeemSignIn(link: SessionRef): Promise<boolean>;
  /** Ends a session early, at every edge. Ending it again changes nothing. */
  endSession(session: SessionRef, actor: Actor): Promise<void>;
  /** Returns changes of keys and sessions since a mark, and records when keys were last used. */
  syncKeys(request: KeySyncRequest): Promise<KeySyncResponse>;

  /** Enqueues audit entries for changes that publish no event. */
  audit(entries: readonly AuditEntry[]): Promise<void>;
  /** Audit entries that the history has not stored yet, oldest first. */
  pendingAuditEntries(limit: number): Promise<AuditEntry[]>;
  /** The history has them. */
  settleAuditEntries(ids: readonly string[]): Promise<void>;

  /** Trims the stores, and repeats the work of an alarm that was lost. */
  sweep(now: number): Promise<void>;
}

export interface Claim {
  readonly id: string;
  readonly type: string;
  readonly dependencies: readonly string[];
  /** Id of the registrar's key that registers; null for callers that may replace any component in their scope. */
  readonly owner: string | null;
  /** Id of the caller's key, which must still be in force. Absent for internal calls. */
  readonly keyId?: string;
  /** Kind of change quota that the call is charged to; absent or null for none. */
  readonly quotaHolder?: QuotaHolder | null;
  /** The caller, if this registration may add its type. Absent or null: an unknown type is refused. */
  readonly typeAddedBy?: Actor | null;
}

export interface Claimed {
  readonly sequence: number;
  /**
   * Id of the registrar's key that owns the component; null for none. The owner stays until the component is removed.
   */
  readonly owner: string | null;
  /** The configuration, as edges get it, if the claim added its type; otherwise null. */
  readonly addedType: ConfigDocuments | null;
}

export type ClaimRefusal =
  | ActorRefusal
  | 'unknown-type'
  | 'type-limit'
  | 'type-conflict'
  | 'id-taken'
  | 'dependency-not-registered'
  | 'dependency-cycle';

/** Registration of a component as its registry holds it. */
export interface RegisteredClaim {
  /** Sequence of the claim under which the component is stored. */
  readonly claim: number;
  readonly owner: string | null;
  readonly dependencies: readonly string[];
}

export interface UnsettledClaim {
  readonly id: string;
  readonly type: string;
  readonly sequence: number;
}

export interface KeyDraft {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** SHA-256 of the key, hex. */
  readonly digest: string;
  readonly expiresAt: number | null;
  readonly issue: KeyIssue | null;
  /** Lease quotas; absent for none. */
  readonly quotas?: KeyQuotasChange;
}

export interface FreshSecret {
  readonly digest: string;
  readonly overlapMs: number;
  /** Registration that a component's key is for; absent for other keys. */
  readonly issue?: KeyIssue;
}

/**
 * Registration that a component's key is issued for. The coordinator checks it again: the id may have been removed, or
 * registered by another owner, since the API checked it.
 */
export interface KeyIssue {
  readonly componentId: string;
  /** Id of the registrar's key that requests it; null for callers that may issue keys for any owner. */
  readonly owner: string | null;
  /**
   * Kind of change quota that the call is charged to. Absent or null for none, or if the registration was already
   * charged.
   */
  readonly quotaHolder?: QuotaHolder | null;
}

export interface KeySyncRequest {
  /** Mark of the last response; null if the edge has no keys. */
  readonly since: KeyMark | null;
  /** Last use of keys at this edge: key id to epoch ms. */
  readonly used: Readonly<Record<string, number>>;
}

/** Sync position of an edge. The edge stores the mark and sends it back unchanged. */
export interface KeyMark {
  /** The edge has every change up to this revision. */
  readonly revision: number;
  /** Revision up to which deleted rows were trimmed when the mark was made. */
  readonly forgotten: number;
  /** Last revision when the full copy began. Keys that had ended by then are left out. */
  readonly startRevision: number;
}

export interface KeySyncResponse {
  /** True for a full copy. The edge applies it only once `more` is false. */
  readonly full: boolean;
  readonly mark: KeyMark;
  readonly keys: readonly AccessKey[];
  readonly endedSessions: readonly EndedSession[];
  readonly more: boolean;
}

export interface EventQuery {
  /** Only events after this sequence. */
  readonly after: number;
  readonly types: readonly EventType[] | null;
  /** Only events with this subject; absent or null for all. */
  readonly subject?: string | null;
  readonly limit: number;
  /** Smaller page size in bytes; absent for the maximum of 1 MiB. */
  readonly maxBytes?: number;
  /** True for newest first, starting at the end of the log. */
  readonly newest: boolean;
}

/** Stub of the deployment's coordinator. */
export function coordinator(): CoordinatorApi {
  const stub: unknown = env.SYSTEM_COORDINATOR.getByName('system');
  return stub as CoordinatorApi;
}
