/**
 * The RPC contract of `ComponentRegistry`, one object per component type. An explicit interface rather than the stub's
 * inferred type, because RPC type mapping loses JSON columns.
 * Invariant: every method may be called twice with the same arguments.
 */
import { env } from 'cloudflare:workers';
import type { Actor } from '../../core/access/actor.ts';
import type { OwnerFilter } from '../../core/access/permission.ts';
import type { ShareChange } from '../../core/balancing/shares.ts';
import type { RecoveryOutcome } from '../../core/component/component-record.ts';
import type { ControlSecret } from '../../core/component/control-secret.ts';
import type { HealthReport } from '../../core/component/health-report.ts';
import type { LifecycleState } from '../../core/component/lifecycle.ts';
import type { ComponentLoad, ReportedLoad } from '../../core/component/load.ts';
import type { Operation } from '../../core/component/lifecycle-operation.ts';
import type { Registration } from '../../core/component/registration.ts';
import type { ComponentResource, HealthView } from '../../core/component/resource.ts';
import type { ComponentOverrides } from '../../core/config/component-config.ts';
import type { TypeOverrides } from '../../core/config/effective-config.ts';
import type { Drill, NewDrill } from '../../core/drill/drill.ts';
import type { DrillRefusal } from '../../core/drill/refuse-drill.ts';
import type { FailureEvaluation, RecoveryCause, RecoveryOrder } from '../../core/failure/failure-manager-api.ts';
import type { RecoveryConditions } from '../../core/failure/recovery-preview.ts';
import type { RecoveryWork } from '../../core/failure/recovery-work.ts';
import type { RootCauseReceiver } from '../../core/health/root-cause-update.ts';
import type { FailureDetail } from '../../core/health/health-state.ts';
import type { HealthStatus } from '../../core/health/health-status.ts';
import type { Stability, StabilityCriterion } from '../../core/health/stability.ts';
import type { CanaryVerdict } from '../../core/health/self-doubt.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Result } from '../../core/result.ts';
import type { VersionCondition } from '../../core/version-condition.ts';
import type { BoundedPage } from '../../core/bounded-page.ts';
import type { HistoryPage, HistoryQuery } from './history-api.ts';
import type {
  AcquireRequest,
  Acquisition,
  CompletedLease,
  Completion,
  LeaseResult,
  LeasePage,
  LeaseQuery,
  RenewedLease,
} from './lease-api.ts';
import type {
  ActionRequest,
  ActionRefusal,
  RecoveryTarget,
  ControlPurpose,
  ControlAccess,
  ActionPermission,
} from './recovery-api.ts';
import type { SnapshotPage, SyncRequest, SyncResponse } from './snapshot-api.ts';
import type { SwitchoverRequest, SwitchoverRefusal } from './switchover-api.ts';

export type { ControlSecret };
export type NotFound = 'unknown-component';

/**
 * Result for a component requested with `only`: it is not registered here, it belongs to another owner, or its stored
 * row cannot be read.
 * Responses to callers must not tell the two apart.
 */
export type NotAccessible = NotFound | 'not-yours' | 'component-unreadable';

export interface RegistryApi extends RootCauseReceiver {
  /**
   * Stores a registration under the number of its claim. A claim older than the stored one changes nothing.
   * A header value of `***` keeps the stored value.
   */
  register(
    input: RegisterInput,
  ): Promise<
    Result<Registered, 'component-limit' | 'type-memory-limit' | 'precondition-failed' | 'header-value-unknown'>
  >;
  /** Whether the type's components can be reached: the canary for another type that suspects the coordinator. */
  canaryVerdict(): Promise<CanaryVerdict>;
  component(id: string, only?: OwnerFilter): Promise<Result<ComponentResource, NotAccessible>>;
  healthReport(id: string, only?: OwnerFilter): Promise<Result<HealthReport, NotAccessible>>;
  /** A page of the component's samples and transitions, newest first. */
  historyOf(id: string, query: HistoryQuery, only?: OwnerFilter): Promise<Result<HistoryPage, NotAccessible>>;
  /**
   * A page ascending by id: at most about 1 MiB, but at least one item. The first page names the components whose
   * stored state cannot be read, at most a hundred, whatever the query filters by.
   */
  components(
    query: ComponentQuery,
  ): Promise<BoundedPage<ComponentResource> & { readonly unreadable: readonly string[] }>;
  /** A page of all components after an id, as JSON text. */
  snapshotPage(after: string | null): Promise<SnapshotPage>;
  /** Revision of the type. Blocking query: waits up to `waitMs` while the revision equals `known`. */
  revision(known: number | null, waitMs: number): Promise<number>;
  loads(): Promise<LoadEntry[]>;
  /** Removes a component, at once or after `drainMs` out of routing. */
  remove(id: string, options: RemoveOptions): Promise<Result<Removal, NotAccessible | 'precondition-failed'>>;
  /** Returns one result per heartbeat, in the same order. */
  heartbeats(beats: readonly HeartbeatInput[]): Promise<HeartbeatResult[]>;
  /**
   * Runs a health check, or joins the running one, and returns its result. Quota: ten at once, one a second. Those of
   * an `account` (the registrar's key behind the caller, or the caller's key) are bounded in the type as well. Internal
   * calls have none.
   */
  probe(
    id: string,
    only?: OwnerFilter,
    account?: string | null,
  ): Promise<Result<ProbeResult, NotAccessible | 'no-health-check' | 'too-many-probes'>>;
  /** Stores and evaluates a failure report of the caller with the key id `by`. Quota: sixty at once, one a second. */
  reportFailure(
    id: string,
    error: { code?: string; message: string },
    context: JsonObject | null,
    only?: OwnerFilter,
    by?: string | null,
  ): Promise<Result<FailureEvaluation, NotAccessible | 'too-many-reports'>>;
  /** The secret that signs the component's control calls. */
  controlSecret(id: string, only?: OwnerFilter): Promise<Result<ControlSecret, NotAccessible | 'no-control'>>;
  /**
   * Makes a new secret; for a day the previous one signs as well. Of several rotations only the last two secrets stay.
   * Quota: ten at once, one every six seconds.
   */
  rotateControlSecret(
    id: string,
    options?: RotateOptions,
  ): Promise<Result<ControlSecret, NotAccessible | 'no-control' | 'too-many-rotations'>>;
  /** The secret that signs calls to the type's controller. */
  controllerSecret(): Promise<ControlSecret>;
  /** Like `rotateControlSecret`, for the type's controller. */
  rotateControllerSecret(options: {
    readonly type: string;
    readonly actor: Actor | null;
  }): Promise<Result<ControlSecret, 'too-many-rotations'>>;
  /** Applies what an edge assigned and callers reported to it; returns a page of the changes since its last sync. */
  sync(request: SyncRequest): Promise<SyncResponse>;
  /**
   * Picks a component by the current load and leases slots of it. Waits for a free slot up to `waitMs`. Each call
   * grants a lease of its own: a lease whose response was lost expires.
   */
  acquire(request: AcquireRequest): Promise<Acquisition>;
  /** Frees the slots of a lease. A repeated completion returns the same result. */
  completeLease(id: string, completion: Completion): Promise<LeaseResult<CompletedLease>>;
  /** Sets the expiry of a lease to `ttlMs` from now. */
  renewLease(id: string, ttlMs: number): Promise<LeaseResult<RenewedLease>>;
  /** A page of the active leases, with the state of the wait queue. */
  listLeases(query: LeaseQuery): Promise<LeasePage>;
  /** Removes the component if it is stored under exactly that claim. */
  removeClaim(id: string, claim: number): Promise<void>;
  /** Claim number, owner and dependencies of a stored component, for repairing the directory. */
  claimOf(id: string): Promise<{ claim: number; owner: string | null; dependencies: readonly string[] } | null>;

  /** Whether components are stable again, in the order of `ids`. The coordinator resolves open incidents by it. */
  stabilityOf(ids: readonly string[], by: StabilityCriterion): Promise<Stability[]>;

  beginRecovery(
    id: string,
    cause: RecoveryCause,
  ): Promise<
    Result<
      { order: RecoveryOrder; started: boolean },
      NotFound | 'superseded' | 'cooling-down' | 'not-in-service' | 'dependency-failed'
    >
  >;
  /** Conditions under which a recovery would run now. Changes nothing. */
  recoveryConditions(id: string, only?: OwnerFilter): Promise<Result<RecoveryConditions, NotAccessible>>;
  recoveryFacts(id: string, recoveryId: string): Promise<Result<RecoveryTarget, NotFound | 'not-recovering'>>;
  /** Access data for one control call of a recovery. Requested again for each attempt, never stored by the caller. */
  controlAccess(
    id: string,
    purpose: ControlPurpose,
  ): Promise<Result<ControlAccess, 'not-recovering' | 'no-control' | 'host-busy'>>;
  /** Requests permission for the next action. At most a third of the type may be disrupted at once. */
  permitAction(id: string, recoveryId: string, disruptive: boolean): Promise<ActionPermission>;
  /** Starts counting passed checks as proof. The result is sent to the recovery as a signal. */
  beginVerification(
    id: string,
    recoveryId: string,
    position: number,
    durationMs: number,
  ): Promise<Result<null, NotFound | 'not-recovering'>>;
  /**
   * Ends a recovery. Returns its outcome: `cancelled` if an operator cancelled it before. `work` is what its event
   * reports; absent for none.
   */
  endRecovery(id: string, recoveryId: string, outcome: RecoveryOutcome, work?: RecoveryWork): Promise<RecoveryOutcome>;
  /** Ends a recovery before its next action. `actor` requested it, for the audit. */
  cancelRecovery(
    id: string,
    recoveryId: string,
    actor?: Actor | null,
  ): Promise<Result<null, NotFound | 'not-recovering' | 'too-many-changes'>>;
  /** Lets the best standby take over, once in a recovery. */
  promoteStandby(
    id: string,
    recoveryId: string,
  ): Promise<Result<{ promoted: string }, 'not-recovering' | 'no-standby'>>;
  /** Takes a component out of routing during its recovery, until `until` (epoch ms). */
  isolate(id: string, recoveryId: string, until: number): Promise<Result<ComponentResource, 'not-recovering'>>;
  /** Drains, isolates, maintains or restores a component. Changes nothing if it already is in that state. */
  operate(
    id: string,
    operation: Operation,
    actor?: Actor | null,
  ): Promise<Result<ComponentResource, NotAccessible | 'being-removed' | 'too-many-changes'>>;

  /** Begins a drill: an injected failure of the component. A repeated call with the same id returns the same drill. */
  beginDrill(
    componentId: string,
    begin: NewDrill,
    actor?: Actor | null,
  ): Promise<Result<Drill, DrillRefusal | NotFound | 'too-many-changes'>>;
  /** The last fifty drills, newest first. */
  listDrills(): Promise<Drill[]>;

  /** Switches from a component to its best standby, or back to it. Changes nothing if the switch was made before. */
  switchTo(
    id: string,
    change: SwitchoverRequest,
    actor?: Actor | null,
  ): Promise<Result<ComponentResource, NotAccessible | SwitchoverRefusal>>;
  /** Begins a recovery with this one action. Refused with `held-back` unless forced. */
  requestAction(
    id: string,
    request: ActionRequest,
    actor?: Actor | null,
  ): Promise<Result<RecoveryOrder, NotAccessible | ActionRefusal>>;

  /**
   * Redistributes work: recalls lease blocks, serves the wait queue and makes edges fetch the snapshot again.
   * Returns what changed since the last reported shares.
   */
  redistribute(actor?: Actor | null): Promise<Redistribution>;

  /** Applies the settings of the type unless newer ones are applied already. */
  configureType(config: TypeOverrides): Promise<void>;
  /** Applies the settings of single components, each unless newer ones are applied already. */
  configureComponents(configs: readonly ComponentOverrides[]): Promise<void>;
  sweep(config?: TypeOverrides | null): Promise<void>;
}

export type LoadEntry = ComponentLoad & { readonly componentId: string };

export interface Redistribution {
  readonly revision: number;
  readonly components: number;
  /** Part of all work that moves to other components, 0 to 1. */
  readonly movedShare: number;
  /** Largest change first, at most a thousand. */
  readonly changes: readonly ShareChange[];
}

export interface RegisterInput {
  readonly registration: Registration;
  /** Claim number that the directory assigned. */
  readonly claim: number;
  /** Condition on the generation of the registration. */
  readonly ifGeneration: VersionCondition;
  /** Owner that the directory decided: id of a registrar's key, or null for none. */
  readonly owner: string | null;
  /** Actor of the request, for the audit. */
  readonly actor: Actor | null;
}

export interface RemoveOptions {
  /** Time out of routing before the removal, ms; 0 removes at once. */
  readonly drainMs: number;
  readonly ifGeneration: VersionCondition;
  readonly only?: OwnerFilter;
  /** Actor of the request, for the audit. */
  readonly actor?: Actor | null;
}

export interface RotateOptions {
  readonly only?: OwnerFilter;
  /** Actor of the request, for the audit. */
  readonly actor?: Actor | null;
}

export interface Registered {
  readonly created: boolean;
  readonly component: ComponentResource;
}

export interface Removal {
  /** Claim number of the removed component. */
  readonly claim: number;
  /** Epoch ms of the removal; null when the component is removed already. */
  readonly drainsUntil: number | null;
}

export interface ComponentQuery {
  readonly after: string | null;
  /** 0 asks only whether there are any. */
  readonly limit: number;
  /** Lower limit than the 1 MiB of a page. */
  readonly maxBytes?: number | undefined;
  readonly status?: HealthStatus | undefined;
  readonly lifecycle?: LifecycleState | undefined;
  readonly location?: string | undefined;
  readonly capability?: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface HeartbeatInput {
  readonly id: string;
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  readonly load: ReportedLoad | null;
  readonly only?: OwnerFilter;
  /** Id of the caller's key; changes of status count towards its budget of events. Absent for internal calls. */
  readonly keyId?: string;
}

export interface HeartbeatReceipt {
  /** Status of the component after this heartbeat. */
  readonly status: HealthStatus;
  /** Epoch ms by which the next heartbeat is due; null if the component registered no TTL. */
  readonly expiresAt: number | null;
}

export type HeartbeatResult = Result<HeartbeatReceipt, NotAccessible>;

export interface ProbeResult {
  readonly outcome: 'passed' | 'failed' | 'inconclusive';
  readonly responseTimeMs: number | null;
  readonly error: FailureDetail | null;
  readonly health: HealthView;
}

/** RPC stub of the registry of a component type. */
export function registryOf(type: string): RegistryApi {
  const stub: unknown = env.COMPONENT_REGISTRY.getByName(type);
  return stub as RegistryApi;
}
