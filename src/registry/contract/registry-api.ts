/**
 * What a ComponentRegistry answers, as the rest of the house sees it.
 *
 * An explicit interface rather than the stub's inferred type: RPC type mapping loses JSON columns.
 * Every method may be called twice with the same arguments.
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
import type { Operation } from '../../core/component/operate.ts';
import type { Registration } from '../../core/component/registration.ts';
import type { ComponentResource, HealthView } from '../../core/component/resource.ts';
import type { ComponentOverrides } from '../../core/config/component-config.ts';
import type { TypeOverrides } from '../../core/config/effective-config.ts';
import type { Drill, DrillBegin } from '../../core/drill/drill.ts';
import type { DrillRefusal } from '../../core/drill/refuse-drill.ts';
import type { FailureEvaluation, RecoveryOrder } from '../../core/failure/failure-intake.ts';
import type { RecoveryStanding } from '../../core/failure/recovery-preview.ts';
import type { RootCauseReceiver } from '../../core/health/root-cause-update.ts';
import type { FailureDetail } from '../../core/health/health-state.ts';
import type { HealthStatus } from '../../core/health/health-status.ts';
import type { Stability, StabilityCriterion } from '../../core/health/stability.ts';
import type { CanaryVerdict } from '../../core/health/self-doubt.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Result } from '../../core/result.ts';
import type { BoundedPage } from '../../core/bounded-page.ts';
import type { HistoryPage, HistoryQuery } from './history-api.ts';
import type {
  AcquireRequest,
  Acquisition,
  CompletedLease,
  Completion,
  LeaseAnswer,
  LeasePage,
  LeaseQuery,
  RenewedLease,
} from './lease-api.ts';
import type {
  ActionRequest,
  ActionRefusal,
  RecoveryCause,
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
 * Of a component asked for with `only`: it is not here, or it is here and another owner's. Only the house may
 * know the two apart.
 */
export type NotAccessible = NotFound | 'not-yours';

export interface RegistryApi extends RootCauseReceiver {
  /**
   * Stores under the number of a claim; an older claim than the stored one changes nothing. With
   * `ifGeneration` only over exactly that registration. A header whose value reads `***` keeps the one it has.
   */
  register(
    input: RegisterInput,
  ): Promise<Result<Registered, 'component-limit' | 'precondition-failed' | 'header-value-unknown' | NotFound>>;
  /** What the type's components can say of whether it is we who cannot see. */
  canaryVerdict(): Promise<CanaryVerdict>;
  component(id: string, only?: OwnerFilter): Promise<Result<ComponentResource, NotAccessible>>;
  /** All that is known of how it is. */
  healthReport(id: string, only?: OwnerFilter): Promise<Result<HealthReport, NotAccessible>>;
  /** A page of its samples and transitions, newest first. */
  historyOf(id: string, query: HistoryQuery, only?: OwnerFilter): Promise<Result<HistoryPage, NotAccessible>>;
  /** A page in the order of ids; no more than about 1 MiB, but one item at least. */
  components(query: ComponentQuery): Promise<BoundedPage<ComponentResource>>;
  /** A page of all of them as text, after an id. */
  snapshotPage(after: string | null): Promise<SnapshotPage>;
  /** Of the type; held for so long at most while it is the one that is known. */
  revision(known: number | null, holdMs: number): Promise<number>;
  loads(): Promise<LoadEntry[]>;
  /** Removes it, after `drainMs` out of routing when that is not 0. */
  remove(id: string, options: RemoveOptions): Promise<Result<Removal, NotAccessible | 'precondition-failed'>>;
  /** Many at once, a result for each in their order. */
  heartbeats(beats: readonly HeartbeatInput[]): Promise<HeartbeatResult[]>;
  /** Checks now (or joins the check under way) and answers its result; refused beyond ten at once, one a second. */
  probe(
    id: string,
    only?: OwnerFilter,
  ): Promise<Result<ProbeResult, NotAccessible | 'no-health-check' | 'too-many-probes'>>;
  /** Stores and evaluates it; refused beyond sixty at once, one a second. */
  reportFailure(
    id: string,
    error: { code?: string; message: string },
    context: JsonObject | null,
    only?: OwnerFilter,
  ): Promise<Result<FailureEvaluation, NotAccessible | 'too-many-reports'>>;
  /** What its control calls are signed with. */
  controlSecret(id: string, only?: OwnerFilter): Promise<Result<ControlSecret, NotAccessible | 'no-control'>>;
  /**
   * Makes a new one, with which the old one signs for a day. Of several rotations the last two secrets live;
   * refused beyond ten at once, one every six seconds.
   */
  rotateControlSecret(
    id: string,
    options?: RotateOptions,
  ): Promise<Result<ControlSecret, NotAccessible | 'no-control' | 'too-many-rotations'>>;
  /** What calls to the type's controller are signed with. */
  controllerSecret(): Promise<ControlSecret>;
  /** As `rotateControlSecret`, for the type's controller. */
  rotateControllerSecret(options: {
    readonly type: string;
    readonly actor: Actor | null;
  }): Promise<Result<ControlSecret, 'too-many-rotations'>>;
  /** Brings an edge up to date and takes in what it gave and was told since. */
  sync(request: SyncRequest): Promise<SyncResponse>;
  /**
   * Decides on the load as it is and takes slots of whom it picks; waits for room when asked to. Each call takes
   * a lease of its own: one that nobody knows of ends by itself.
   */
  acquire(request: AcquireRequest): Promise<Acquisition>;
  /** Frees what a lease holds; the same answer again for whoever did it before. */
  completeLease(id: string, completion: Completion): Promise<LeaseAnswer<CompletedLease>>;
  /** Lets it last so long from now on. */
  renewLease(id: string, ttlMs: number): Promise<LeaseAnswer<RenewedLease>>;
  /** A page of the leases that are held, and how many wait for one. */
  listLeases(query: LeaseQuery): Promise<LeasePage>;
  /** Removes what is stored under exactly that claim. */
  removeClaim(id: string, claim: number): Promise<void>;
  /** The claim number, owner and dependencies a component is held under, for repairing the directory. */
  held(id: string): Promise<{ claim: number; owner: string | null; dependencies: readonly string[] } | null>;

  /** Whether they are well again, in their order, for the incidents that are open about them. */
  steadiness(ids: readonly string[], by: StabilityCriterion): Promise<Stability[]>;

  beginRecovery(
    id: string,
    cause: RecoveryCause,
  ): Promise<
    Result<
      { order: RecoveryOrder; started: boolean },
      NotFound | 'superseded' | 'cooling-down' | 'not-in-service' | 'shadowed'
    >
  >;
  /** What a recovery of it would go by now; changes nothing. */
  recoveryStanding(id: string, only?: OwnerFilter): Promise<Result<RecoveryStanding, NotAccessible>>;
  recoveryFacts(id: string, recoveryId: string): Promise<Result<RecoveryTarget, NotFound | 'not-recovering'>>;
  /** What one control call of a recovery needs; asked anew for each attempt, never stored. */
  controlAccess(
    id: string,
    purpose: ControlPurpose,
  ): Promise<Result<ControlAccess, 'not-recovering' | 'no-control' | 'host-busy'>>;
  /** Asks leave for the next action; a disruptive one waits while a third of the type is being worked on. */
  permitAction(id: string, recoveryId: string, disruptive: boolean): Promise<ActionPermission>;
  /** Starts counting proof from now on; the answer comes as a signal to the recovery. */
  beginVerification(
    id: string,
    recoveryId: string,
    position: number,
    forMs: number,
  ): Promise<Result<null, NotFound | 'not-recovering'>>;
  /** Closes it; answers how it ended, `cancelled` when an operator was quicker. */
  endRecovery(id: string, recoveryId: string, outcome: RecoveryOutcome): Promise<RecoveryOutcome>;
  /** Lets it end before its next action; `actor` is who asked for it, for the audit. */
  cancelRecovery(
    id: string,
    recoveryId: string,
    actor?: Actor | null,
  ): Promise<Result<null, NotFound | 'not-recovering'>>;
  /** Lets the best standby take over, once in a recovery. */
  promoteStandby(
    id: string,
    recoveryId: string,
  ): Promise<Result<{ promoted: string }, 'not-recovering' | 'no-standby'>>;
  /** Takes it out of routing until a time (epoch ms) in the course of its recovery. */
  isolate(id: string, recoveryId: string, until: number): Promise<Result<ComponentResource, 'not-recovering'>>;
  /** Drains, isolates, maintains or restores it; as it is already, nothing changes. */
  operate(
    id: string,
    operation: Operation,
    actor?: Actor | null,
  ): Promise<Result<ComponentResource, NotAccessible | 'being-removed'>>;

  /** Rehearses a failure of the component; begun again under its id it is the same drill. */
  beginDrill(
    componentId: string,
    begin: DrillBegin,
    actor?: Actor | null,
  ): Promise<Result<Drill, DrillRefusal | NotFound>>;
  /** The last fifty, the newest first. */
  listDrills(): Promise<Drill[]>;

  /** Lets the best standby take over from it, or it from whoever took over; as it is already, nothing changes. */
  switchTo(
    id: string,
    change: SwitchoverRequest,
    actor?: Actor | null,
  ): Promise<Result<ComponentResource, NotAccessible | SwitchoverRefusal>>;
  /** Begins a recovery of that one action; refused where it is held back, unless forced. */
  askAction(
    id: string,
    asked: ActionRequest,
    actor?: Actor | null,
  ): Promise<Result<RecoveryOrder, NotAccessible | ActionRefusal>>;

  /**
   * Shares the work out anew: blocks of leases are wanted back, who waits is served, edges fetch the fleet again.
   * Answers what changed since the log was told last.
   */
  redistribute(actor?: Actor | null): Promise<Redistribution>;

  /** Goes by these settings from now on, unless it goes by newer ones. */
  configure(config: TypeOverrides): Promise<void>;
  /** Takes over what is set for single components, each unless it goes by something newer. */
  configureComponents(told: readonly ComponentOverrides[]): Promise<void>;
  sweep(config?: TypeOverrides | null): Promise<void>;
}

export type LoadEntry = ComponentLoad & { readonly componentId: string };

export interface Redistribution {
  readonly revision: number;
  readonly components: number;
  /** Part of all work that goes to others than before, 0 to 1. */
  readonly moved: number;
  /** The largest first, at most a thousand. */
  readonly changes: readonly ShareChange[];
}

export interface RegisterInput {
  readonly registration: Registration;
  /** Number of the directory's claim. */
  readonly claim: number;
  /** Only over exactly this registration; null for any or none. */
  readonly ifGeneration: number | null;
  /** Whose it is, as the directory decided: id of a registrar's key, null for nobody's. */
  readonly owner: string | null;
  /** Who asked for it, for the audit. */
  readonly actor: Actor | null;
}

export interface RemoveOptions {
  /** Out of routing for this long first; 0 for at once. */
  readonly drainMs: number;
  readonly ifGeneration: number | null;
  readonly only?: OwnerFilter;
  /** Who asked for it, for the audit. */
  readonly actor?: Actor | null;
}

export interface RotateOptions {
  readonly only?: OwnerFilter;
  /** Who asked for it, for the audit. */
  readonly actor?: Actor | null;
}

export interface Registered {
  readonly created: boolean;
  readonly component: ComponentResource;
}

export interface Removal {
  /** Number of the claim it was stored under. */
  readonly claim: number;
  /** Epoch ms at which it is gone, or null when it is. */
  readonly drainsUntil: number | null;
}

export interface ComponentQuery {
  readonly after: string | null;
  /** With 0 it is only asked whether there are any. */
  readonly limit: number;
  /** Less than the 1 MiB of a page. */
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
}

export interface HeartbeatReceipt {
  /** Its status after this heartbeat. */
  readonly status: HealthStatus;
  /** Epoch ms by which the next one is due. */
  readonly expiresAt: number;
}

export type HeartbeatResult = Result<HeartbeatReceipt, NotAccessible | 'heartbeat-not-declared'>;

export interface ProbeResult {
  readonly outcome: 'passed' | 'failed' | 'inconclusive';
  readonly responseTimeMs: number | null;
  readonly error: FailureDetail | null;
  readonly health: HealthView;
}

/** The registry of a component type. */
export function registryOf(type: string): RegistryApi {
  const stub: unknown = env.COMPONENT_REGISTRY.getByName(type);
  return stub as RegistryApi;
}
