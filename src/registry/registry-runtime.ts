/**
 * The wiring of a type's registry: creates the modules, runs everything that is due, arms the alarm and delivers the
 * outbox. `component-registry.ts` holds the RPC methods. Every decision belongs to a module or to the core.
 */
import { exports } from 'cloudflare:workers';
import type { ComponentRecord } from '../core/component/component-record.ts';
import { logError } from '../logging/log-error.ts';
import { runParts } from '../logging/run-parts.ts';
import { SingleAlarm } from '../alarm/single-alarm.ts';
import type { Actor } from '../core/access/actor.ts';
import type { EventSink } from '../core/event/coordinator-event.ts';
import type { Check } from '../core/health/check.ts';
import type { Stability, StabilityCriterion } from '../core/health/stability.ts';
import { stability } from '../core/health/stability.ts';
import { ChangeRateLimiter } from '../core/quota/change-rate-limiter.ts';
import type { Failure } from '../core/result.ts';
import type { FailureIntake } from '../core/failure/failure-manager-api.ts';
import type { AttemptReport, ProbeRunner } from '../probe/probe-runner.ts';
import type { MemberSignal } from './state/member-signal.ts';
import { CheckRunner } from './health/check-runner.ts';
import { ChecksOnDemand } from './health/checks-on-demand.ts';
import { resourceView, toTypeHealth } from './state/component-views.ts';
import { ControlCredentials } from './recovery/control-credentials.ts';
import { HealthTracker } from './health/health-tracker.ts';
import { HostRateLimiter } from './limits/host-rate-limiter.ts';
import { OnDemandProbes } from './limits/on-demand-limits.ts';
import { Lifecycles } from './membership/lifecycles.ts';
import { isSameHealthCheck } from './membership/same-health-check.ts';
import { SelfDoubtGuard } from './health/self-doubt-guard.ts';
import { Drills } from './recovery/drills.ts';
import { EdgeSync } from './snapshot/edge-sync.ts';
import type { MemberOutcomes } from './health/outlier-ejection.ts';
import { OutlierEjection } from './health/outlier-ejection.ts';
import { FailureReports } from './recovery/failure-reports.ts';
import { Heartbeats } from './health/heartbeats.ts';
import { Leases } from './leases/leases.ts';
import type { Member } from './state/member.ts';
import { OperatorRecoveries } from './recovery/operator-recoveries.ts';
import { OperatorActions } from './membership/operator-actions.ts';
import { Outbox } from './state/outbox.ts';
import { ActionPermissions } from './recovery/action-permissions.ts';
import { Recoveries } from './recovery/recoveries.ts';
import { Verifications } from './recovery/verifications.ts';
import { Registrations } from './membership/registrations.ts';
import { registryOf } from './contract/registry-api.ts';
import { MIN_DOWNTIME_MS } from './state/downtime.ts';
import { RegistryState } from './state/registry-state.ts';
import { RegistryStore } from './storage/registry-store.ts';
import { canaryVerdict, checkCanary } from './health/canary.ts';
import type { CanaryVerdict } from '../core/health/self-doubt.ts';
import { RollUpPublisher } from './health/roll-up-publisher.ts';
import { PositionTable } from './snapshot/position-table.ts';
import { ShareReporter } from './snapshot/share-reporter.ts';
import { RootCauses } from './health/root-causes.ts';
import { StatusReports } from './health/status-reports.ts';
import { Switchovers } from './membership/switchovers.ts';
import type { TypeOverrides } from '../core/config/effective-config.ts';

/** Entrypoints of this Worker, typed by their contracts, so that the registry imports neither class. */
const entrypoints = exports as unknown as { readonly Prober: ProbeRunner; readonly FailureManager: FailureIntake };

/** An alarm that fires this much late, ms, was delayed by the object itself. */
const MIN_LATENESS_MS = 250;
/** Pause of the alarm after due work failed: it is still due, and would otherwise fire the alarm again at once. */
const PAUSE_AFTER_FAILURE_MS = 1_000;

const SWEEP_FAILED = 'sweep of a registry failed';

export class RegistryRuntime {
  readonly state: RegistryState;
  readonly checks: CheckRunner;
  readonly checksOnDemand: ChecksOnDemand;
  readonly recoveries: Recoveries;
  readonly verifications: Verifications;
  readonly permissions: ActionPermissions;
  readonly drills: Drills;
  readonly health: HealthTracker;
  readonly statusReports: StatusReports;
  readonly selfDoubt: SelfDoubtGuard;
  readonly lifecycles: Lifecycles;
  readonly operatorActions: OperatorActions;
  readonly operatorRecoveries: OperatorRecoveries;
  readonly switchovers: Switchovers;
  readonly registrations: Registrations;
  readonly credentials: ControlCredentials;
  readonly heartbeats: Heartbeats;
  readonly edgeSync: EdgeSync;
  readonly leases: Leases;
  readonly outbox: Outbox;
  readonly events: EventSink;
  readonly failureReports: FailureReports;
  readonly singleAlarm: SingleAlarm;
  readonly probes = new OnDemandProbes();
  readonly rootCauses: RootCauses;
  readonly shareReporter: ShareReporter;
  readonly rollUp: RollUpPublisher;
  private readonly outlierEjection: OutlierEjection;
  private readonly changeLimiter = new ChangeRateLimiter();
  /** The latest time that this object has read from the clock, epoch ms. */
  private latestNow = 0;
  /** Epoch ms before which the alarm is not armed. */
  private armNotBefore = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    this.singleAlarm = new SingleAlarm(ctx.storage);
    this.state = new RegistryState(new RegistryStore(ctx.storage.sql), ctx.storage);
    this.checksOnDemand = new ChecksOnDemand((members, now) => {
      this.checkSoon(members, now);
      return this.arm();
    });
    this.recoveries = new Recoveries(this.state);
    this.verifications = new Verifications(this.state, this.recoveries);
    this.permissions = new ActionPermissions({
      state: this.state,
      recoveries: this.recoveries,
      checkNow: (member) => this.checksOnDemand.inTime(member),
    });
    this.drills = new Drills(this.state, this.recoveries);
    this.statusReports = new StatusReports(this.state);
    this.health = new HealthTracker(this.state, this.verifications, this.statusReports);
    this.lifecycles = new Lifecycles(this.state, this.recoveries);
    this.operatorActions = new OperatorActions(this.state, this.lifecycles, this.recoveries);
    this.operatorRecoveries = new OperatorRecoveries(this.state, this.recoveries);
    this.switchovers = new Switchovers(this.state, this.lifecycles);
    this.registrations = new Registrations(this.state, this.lifecycles);
    this.heartbeats = new Heartbeats(this.state);
    this.rootCauses = new RootCauses(this.state);
    this.outlierEjection = new OutlierEjection(this.state);
    const positions = new PositionTable(this.state);
    this.edgeSync = new EdgeSync(this.state, positions);
    const hostLimiter = new HostRateLimiter();
    this.credentials = new ControlCredentials(this.state, this.recoveries, hostLimiter);
    this.checks = new CheckRunner({
      prober: entrypoints.Prober,
      hostLimiter,
      index: this.state.index,
      onReports: async (reports) => this.applyReports(reports),
    });
    // A stub stays broken after one failed call, so each call gets a new stub.
    this.events = {
      publish: (drafts, health) => env.SYSTEM_COORDINATOR.getByName('system').publish(drafts, health),
      reconcile: (conditions) => env.SYSTEM_COORDINATOR.getByName('system').reconcile(conditions),
    };
    this.failureReports = new FailureReports(this.state, entrypoints.FailureManager);
    this.leases = new Leases(this.state, positions, this.failureReports, {
      // Only the leases' due time matters here: scanning all members would cost more than the lease itself.
      arm: () => this.singleAlarm.arm(this.leases.dueAt),
      onWorkEnded: (outcomes, now) => {
        this.applyOutcomes([outcomes], now);
        if (outcomes.work.failed > 0) void this.arm();
      },
      whenCommitted: () => ctx.storage.sync(),
      deliver: (now) => this.deliver(now),
      onShortage: () => this.rollUp.schedule(),
    });
    this.selfDoubt = new SelfDoubtGuard(this.state, {
      checkCanary: () =>
        checkCanary(this.state.config.canaryUrl, {
          checkReachability: (url) => entrypoints.Prober.checkReachability(url),
          otherTypes: () => env.SYSTEM_COORDINATOR.getByName('system').populatedTypes(this.state.type),
          verdictOf: (type) => registryOf(type).canaryVerdict(),
        }),
      applySignals: (signals, now) => this.applySignals(signals, now),
      flush: (now) => void this.deliverAndArm(now),
    });
    this.rollUp = new RollUpPublisher({
      view: (now) => toTypeHealth(this.state, now, this.leases.shortSince(now)),
      publish: (health) => this.events.publish([], health),
      changesWithTime: (now) => this.leases.isShort(now),
    });
    this.shareReporter = new ShareReporter(this.state, (now) => this.deliver(now));
    this.outbox = new Outbox(this.state.store, {
      events: this.events,
      failures: entrypoints.FailureManager,
      typeHealth: () => this.rollUp.current(Date.now()),
      batchItem: (report) => this.failureReports.batchItem(report),
    });
    this.state.load(Date.now());
    this.statusReports.resume(Date.now());
    this.state.onChange = (now) => {
      this.shareReporter.schedule(now);
      this.rollUp.schedule();
    };
    // A kill may have come between a change of shares and its event.
    if (this.state.members.size > 0) this.shareReporter.schedule(Date.now());
    if (this.state.unreadable.size > 0) this.rollUp.schedule();
    // After a kill, an outbox with rows is delivered by an immediate alarm.
    if (this.state.store.outboxSize() > 0) this.outbox.scheduleRetry(Date.now());
    void ctx.blockConcurrencyWhile(async () => {
      await this.singleAlarm.read();
      await this.arm();
    });
  }

  async alarm(info?: AlarmInvocationInfo): Promise<void> {
    const now = Date.now();
    const lateMs = this.singleAlarm.lateBy(now, info?.scheduledTime);
    this.singleAlarm.fired();
    try {
      this.handleDowntime(lateMs, now);
      // Late by a little: heartbeats may wait unread behind this alarm.
      if (lateMs > MIN_LATENESS_MS && lateMs <= MIN_DOWNTIME_MS)
        this.heartbeats.grantGrace(this.state.due(now), now, lateMs);
      this.tick(now);
      this.deliver(now);
    } catch (error) {
      // The platform gives up an alarm whose handler keeps throwing. The schedule would end with that alarm.
      logError('alarm failed', { type: this.state.type, error });
    } finally {
      await this.arm();
    }
  }

  /**
   * Runs everything that is due by `now` (epoch ms). Idempotent. A part that fails is logged, and the others run:
   * checks must go on whatever is stored about one component.
   */
  tick(now: number): void {
    const parts = {
      clock: () => this.handleClockSkew(now),
      'self-doubt': () => this.selfDoubt.reconsider(now),
      heartbeats: () => this.expireHeartbeats(now),
      lifecycles: () => this.lifecycles.expire(now),
      verifications: () => this.verifications.expire(now),
      deferred: () => void this.beginDeferred(now),
      drills: () => this.drills.expire(now) && this.deliver(now),
      leases: () => this.leases.tick(now),
      ejections: () => this.outlierEjection.expire(now) && this.deliver(now),
      checks: () => this.observe(this.checks.start(now), now),
      'status events': () => this.statusReports.flush(now) && this.deliver(now),
      shares: () => this.shareReporter.tick(now),
      'failure sums': () => this.failureReports.closeSums(now) && this.deliver(now),
      samples: () => this.state.samples.flush(now),
    };
    void runParts('due work of a registry failed', parts, () => (this.armNotBefore = now + PAUSE_AFTER_FAILURE_MS));
  }

  private expireHeartbeats(now: number): void {
    const silent = this.heartbeats.expire(now);
    this.observe(silent, now);
    const members = silent.map(({ member }) => member);
    this.checks.request(members, now);
  }

  /**
   * Handles time in which the object did not run. Heartbeats and check reports could not arrive in that time, so
   * neither their absence nor the absence of failures proves anything.
   */
  private handleDowntime(lateMs: number, now: number): void {
    if (!this.state.downtime.record(lateMs, now)) return;
    this.heartbeats.grantGrace(this.state.members.values(), now);
    this.health.resumeHolds(lateMs, now);
    this.verifications.resume(lateMs, now);
    this.abandonChecks(({ startedAt }) => startedAt <= now - lateMs, now);
  }

  /** After downtime, reports and calls may arrive before the late alarm. */
  noteDowntime(now: number): void {
    this.handleDowntime(this.singleAlarm.lateBy(now), now);
  }

  /** Handles a clock that was set back: clamps due times, and abandons checks that seem to start in the future. */
  private handleClockSkew(now: number): void {
    const wentBack = now < this.latestNow;
    this.latestNow = now;
    if (!wentBack) return;
    this.state.clampSchedule(now);
    this.heartbeats.clamp(now);
    this.abandonChecks(({ startedAt }) => startedAt > now, now);
  }

  private abandonChecks(isVoid: (check: Check) => boolean, now: number): void {
    this.observe(this.checks.abandon(isVoid, now), now);
  }

  async applyReports(reports: AttemptReport[]): Promise<void> {
    const now = Date.now();
    this.noteDowntime(now);
    this.observe(this.checks.observe(this.state.members, reports, now), now);
    await this.arm();
  }

  /** Applies signals that self-doubt trusts: judges them, stores the changes and delivers their events. */
  observe(signals: readonly MemberSignal[], now: number): void {
    this.applySignals(this.selfDoubt.filterTrusted(signals, now), now);
  }

  private applySignals(signals: readonly MemberSignal[], now: number): void {
    this.state.samples.countChecks(signals, now);
    const written = this.health.observe(signals, now);
    if (written) this.deliver(now);
  }

  /** Checks a component at once after its registration changed. Abandons a running check of another health check. */
  recheck(member: Member, known: ComponentRecord | undefined, now: number): void {
    // Only a different health check voids a running one. Otherwise frequent metadata changes would prevent all checks.
    if (!known || !isSameHealthCheck(known.registration, member.record.registration)) member.resetCheck();
    this.heartbeats.expectNext([member], now);
    this.checkSoon([member], now);
  }

  /** Charges a change that an operator requests; null when it is allowed. Internal changes have no actor. */
  refuseChange(actor: Actor | null, subject: string, now: number): Failure<'too-many-changes'> | null {
    return actor && this.changeLimiter.refuse({ keyId: actor.keyId, quotaHolder: 'operator', subject }, now);
  }

  /** Begins the recoveries that a cooldown held back. */
  private async beginDeferred(now: number): Promise<void> {
    try {
      if (await this.recoveries.beginDeferred(now)) await this.deliverAndArm(Date.now());
    } catch (error) {
      logError('deferred recovery not begun', { type: this.state.type, error });
    }
  }

  /** Checks members now, as far as the bounds of checks allow it. */
  checkSoon(members: Iterable<Member>, now: number): void {
    this.checks.request(members, now);
    this.observe(this.checks.start(now), now);
  }

  /** Applies outcomes of work: ejects outliers, and checks the components at which work failed. */
  applyOutcomes(outcomes: readonly MemberOutcomes[], now: number): void {
    if (this.outlierEjection.apply(outcomes, now)) this.deliver(now);
    const failed = outcomes.filter(({ work }) => work.failed > 0).map(({ member }) => member);
    if (failed.length > 0) void this.checksOnDemand.unlessRecent(failed, now);
  }

  /** Returns whether this type's components can be reached, for the registry of another type. */
  canaryVerdict(now: number): Promise<CanaryVerdict> {
    const { lastPassedAt } = this.checks;
    return canaryVerdict(
      this.state,
      { lastPassedAt, checkReachability: (url) => entrypoints.Prober.checkReachability(url) },
      now,
    );
  }

  /** Whether each component is stable again; `gone` if it is not registered. */
  stabilityOf(ids: readonly string[], by: StabilityCriterion, now: number): Stability[] {
    this.noteDowntime(now);
    const { members, unreadable, downtime } = this.state;
    const clock = { now, unobservedSince: (time: number) => downtime.since(time) };
    return ids.map((id) => {
      const record = members.get(id)?.record;
      if (record) return stability(record, by, this.state.configFor(id), clock);
      return unreadable.has(id) ? 'unstable' : 'gone';
    });
  }

  view(record: ComponentRecord, now: number) {
    return resourceView(this.state, now)(record);
  }

  /** Delivers the outbox in the background and arms the alarm for the next due work. */
  async deliverAndArm(now: number): Promise<void> {
    this.deliver(now);
    await this.arm();
  }

  /** Delivers the outbox in the background. The alarm retries rows that their receiver did not accept. */
  deliver(now: number): void {
    void this.outbox.flush(now).then(() => this.arm());
  }

  /** Repairs lost alarms, deletes data beyond its retention, and wakes running recoveries. Runs each minute by cron. */
  async sweep(config: TypeOverrides | null): Promise<void> {
    const now = Date.now();
    const { state } = this;
    if (config) state.configure(config, now);
    if (state.type === '') return;
    await runParts(SWEEP_FAILED, {
      schedule: () => state.clampSchedule(now),
      leases: () => this.leases.forget(now),
      tick: () => this.tick(now),
      samples: () => state.samples.trim(now),
      'requested actions': () => state.store.requestedActions.trim(now),
      heartbeats: () => state.store.heartbeats.retain(state.members),
      configuration: () => state.trimConfigs(now),
      recoveries: () => state.commit({ outbox: this.recoveries.wakeUps(), visible: false }, now),
      // Before any call to others: checks go on whatever else is unavailable.
      alarm: () => this.singleAlarm.read().then(() => this.arm()),
    });
    await this.outbox.flush(now);
    await runParts(SWEEP_FAILED, {
      'roll-up': () => this.events.publish([], this.rollUp.current(now)),
      conditions: () => this.events.reconcile(this.rootCauses.conditions()),
    });
  }

  /** Arms the alarm for the earliest due work of all modules and members. */
  async arm(): Promise<void> {
    this.handleClockSkew(Date.now());
    const { outbox, leases, state, checks, selfDoubt, statusReports, shareReporter, failureReports } = this;
    const background = [selfDoubt.dueAt, statusReports.dueAt, shareReporter.dueAt, failureReports.dueAt];
    const due = Math.min(outbox.retryAt, leases.dueAt, state.index.nextDeadline, checks.dueAt, ...background);
    await this.singleAlarm.arm(Math.max(due, Math.min(this.armNotBefore, Date.now() + PAUSE_AFTER_FAILURE_MS)));
  }
}
