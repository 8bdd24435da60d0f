/** What the SystemCoordinator answers, as the rest of the house sees it. */
import { env } from 'cloudflare:workers';
import type { AccessKey } from '../../core/access/access-key.ts';
import type { Actor } from '../../core/access/actor.ts';
import type { AuditEntry } from '../../core/access/audit-entry.ts';
import type { KeyQuotasChange } from '../../core/access/key-quotas.ts';
import type { EventSink, EventType, LoggedEvent } from '../../core/event/coordinator-event.ts';
import type { LogPage } from '../../core/event/log-page.ts';
import type { EndedSession, SessionRef } from '../../core/access/ended-session.ts';
import type { IncidentRaise, OpenIncident, RaisedIncident, TimelineEntry } from '../../core/incident/incident-raise.ts';
import type { Silence } from '../../core/incident/silence.ts';
import type { SystemHealth } from '../../core/health/system-health.ts';
import type { Changer } from '../../core/quota/change-quota.ts';
import type { Result } from '../../core/result.ts';
import type { ConfigApi } from './config-api.ts';
import type { WebhookApi } from './webhook-api.ts';

export interface CoordinatorApi extends EventSink, ConfigApi, WebhookApi {
  /** Holds an id for a registration for 60 s; the number orders all claims and becomes the registration's generation. */
  claim(claim: Claim): Promise<Result<Claimed, ClaimRefusal>>;
  /** The registration of that claim is stored; false when the claim is lost meanwhile and must be made again. */
  confirm(id: string, sequence: number): Promise<boolean>;
  /** The registration of that claim was refused: gives the claim up, and what was entered under its number. */
  release(id: string, sequence: number): Promise<void>;
  /** The registry removed the component it held under that number. */
  removed(id: string, sequence: number): Promise<void>;
  /** The type of a registered component, or null. */
  typeOf(id: string): Promise<string | null>;
  /** The same for many, in their order. */
  typesOf(ids: readonly string[]): Promise<(string | null)[]>;
  /** Claims whose time is over, for the sweep to settle. */
  unsettled(now: number): Promise<UnsettledClaim[]>;
  /** Repairs an entry by what the registry really holds. */
  settle(id: string, sequence: number, held: RegisteredClaim | null): Promise<void>;
  /** No more than about 1 MiB, but one if there is one: a shorter answer than asked for is not the end. */
  events(query: EventQuery): Promise<LoggedEvent[]>;
  /** The same, with what the log holds; held for so long at most while there is nothing after `after`. */
  readLog(query: EventQuery, holdMs: number): Promise<LogPage>;
  /** Of the last event; held for so long at most while it is the one that is known. */
  sequence(known: number | null, holdMs: number): Promise<number>;
  /** Of a type, as its registry told it last; null when it never did. */
  toldRevision(type: string): Promise<number | null>;
  /** Types other than that one that have components. */
  populatedTypes(except: string): Promise<string[]>;
  systemHealth(): Promise<SystemHealth>;
  /** Whether somebody could write to the history just now. */
  historyAnswered(works: boolean): Promise<void>;

  /** Opens an incident or adds to the one open about the component, and alerts of it unless that is muted or too soon. */
  raiseIncident(raise: IncidentRaise): Promise<RaisedIncident>;
  /** Incidents that nobody resolved, by component id, after one. */
  openIncidents(after: string, limit: number): Promise<OpenIncident[]>;
  /** What the timelines in the history lack, the oldest first. */
  timelineOwed(limit: number): Promise<TimelineEntry[]>;
  /** The history has them. */
  timelineSettled(entries: readonly Pick<TimelineEntry, 'incidentId' | 'key'>[]): Promise<void>;
  /** Silences in force, the next to end first. */
  silences(): Promise<Silence[]>;
  addSilence(silence: Silence, actor: Actor): Promise<Result<Silence, 'silence-limit' | 'unauthorized'>>;
  /** Ends it now; ending it again changes nothing. */
  endSilence(id: string, actor: Actor): Promise<Result<Silence, 'not-found' | 'unauthorized'>>;

  /** Makes a key; with an id that is known already it answers that key. A component has one in force at most. */
  createKey(
    draft: KeyDraft,
    actor: Actor,
  ): Promise<
    Result<AccessKey, 'key-limit' | 'already-issued' | 'unknown-component' | 'too-many-changes' | 'unauthorized'>
  >;
  /** Gives it another secret; the one before works until the overlap is over. */
  rotateKey(
    id: string,
    fresh: FreshSecret,
    actor: Actor,
  ): Promise<
    Result<AccessKey, 'unknown-key' | 'key-not-active' | 'unknown-component' | 'too-many-changes' | 'unauthorized'>
  >;
  /** What it may hold of leases; quotas that are not named stay. */
  setQuotas(
    id: string,
    change: KeyQuotasChange,
    actor: Actor,
  ): Promise<Result<AccessKey, 'unknown-key' | 'key-not-active' | 'unauthorized'>>;
  /** Ends it, with `cascade` also what was issued for it; ending it again changes nothing. */
  revokeKey(
    id: string,
    options: { cascade: boolean },
    actor: Actor,
  ): Promise<Result<AccessKey, 'unknown-key' | 'unauthorized'>>;
  key(id: string): Promise<AccessKey | null>;
  /** Ids ascending, after one. */
  keys(after: string, limit: number): Promise<AccessKey[]>;
  /** The key in force that was issued to a component. */
  keyIssuedTo(componentId: string): Promise<AccessKey | null>;
  /** Ends a session before its time, for every edge; ending it again changes nothing. */
  endSession(session: SessionRef, actor: Actor): Promise<void>;
  /** What changed of keys and sessions since a mark; takes in when keys were used. */
  syncKeys(request: KeySyncRequest): Promise<KeySyncResponse>;

  /** Owes entries to the audit, for changes that come with no event. */
  audit(entries: readonly AuditEntry[]): Promise<void>;
  /** Entries that the history has not got yet, the oldest first. */
  auditOwed(limit: number): Promise<AuditEntry[]>;
  /** The history has them. */
  auditSettled(ids: readonly string[]): Promise<void>;

  /** Keeps the log within its bounds and has everything looked at again that an alarm should have looked at. */
  sweep(now: number): Promise<void>;
}

export interface Claim {
  readonly id: string;
  readonly type: string;
  readonly dependencies: readonly string[];
  /** Id of the registrar's key that asks; null for callers that may take over whatever they reach. */
  readonly owner: string | null;
  /** Id of the caller's key: it must still be in force. Absent when we ask ourselves. */
  readonly keyId?: string;
  /** Whose quota it is charged to, by how far that key reaches; absent or null for none. */
  readonly changer?: Changer | null;
}

export interface Claimed {
  readonly sequence: number;
  /** Whose the component is: it keeps its owner for as long as it is registered. */
  readonly owner: string | null;
}

export type ClaimRefusal =
  | 'unauthorized'
  | 'too-many-changes'
  | 'type-conflict'
  | 'id-taken'
  | 'dependency-not-registered'
  | 'dependency-cycle';

/** What a registry holds of a component. */
export interface RegisteredClaim {
  /** Number of the claim it is stored under. */
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
  /** Of leases; absent for none. */
  readonly quotas?: KeyQuotasChange;
}

export interface FreshSecret {
  readonly digest: string;
  readonly overlapMs: number;
  /** For a component's key: the registration it is meant for. */
  readonly issue?: KeyIssue;
}

/**
 * Which registration a component's key is issued for. Asked for a moment ago, the id may be gone or
 * somebody else's by now.
 */
export interface KeyIssue {
  readonly componentId: string;
  /** Id of the registrar's key that asks; null for callers that may have it for whoever owns it. */
  readonly owner: string | null;
  /** Whose quota it is charged to; absent or null for none, or when the registration has paid for it. */
  readonly changer?: Changer | null;
}

export interface KeySyncRequest {
  /** Where the edge stands, as the last answer told it; null when it holds nothing. */
  readonly since: KeyMark | null;
  /** When keys were last used there: id → epoch ms. */
  readonly used: Readonly<Record<string, number>>;
}

/** Where an edge stands. It keeps it beside its keys and hands it back as it is. */
export interface KeyMark {
  /** It has every change up to this revision. */
  readonly revision: number;
  /** Up to which revision changes were forgotten when it was told. */
  readonly forgotten: number;
  /** Last revision when it began to ask for all keys: what was over by then is left out. */
  readonly beganAt: number;
}

export interface KeySyncResponse {
  /** All keys follow: a copy of its own, to be used when there is no more to come. */
  readonly full: boolean;
  readonly mark: KeyMark;
  readonly keys: readonly AccessKey[];
  readonly endedSessions: readonly EndedSession[];
  readonly more: boolean;
}

export interface EventQuery {
  /** Events after this sequence. */
  readonly after: number;
  readonly types: readonly EventType[] | null;
  /** Only what it is about; absent for anything. */
  readonly subject?: string | null;
  readonly limit: number;
  /** Less than the 1 MiB of a page. */
  readonly maxBytes?: number;
  /** Newest first instead, before the end of the log. */
  readonly newest: boolean;
}

/** The one coordinator of this deployment. */
export function coordinator(): CoordinatorApi {
  const stub: unknown = env.SYSTEM_COORDINATOR.getByName('system');
  return stub as CoordinatorApi;
}
