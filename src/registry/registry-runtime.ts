/**
 * The inside of a type's registry: its desks, its clock and what is due, apart from the calls it takes
 * (`component-registry.ts`). Loads, schedules and delivers; whatever is decided the desks decide.
 */
import { DurableObject, exports } from 'cloudflare:workers';
import type { ComponentRecord } from '../core/component/component-record.ts';
import { SingleAlarm } from '../alarm/single-alarm.ts';
import type { EventSink } from '../core/event/coordinator-event.ts';
import type { Check } from '../core/health/check.ts';
import type { FailureIntake } from '../core/failure/failure-intake.ts';
import type { AttemptReport, ProbeRunner } from '../probe/probe-runner.ts';
import type { MemberSignal } from './state/member-signal.ts';
import { CheckRunner } from './health/check-runner.ts';
import { resourceView, toTypeHealth } from './state/component-views.ts';
import { ControlCredentials } from './recovery/control-credentials.ts';
import { HealthTracker } from './health/health-tracker.ts';
import { HostRateLimiter } from './limits/host-rate-limiter.ts';
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
import { dueAt } from './state/member.ts';
import { OperatorRecoveries } from './recovery/operator-recoveries.ts';
import { OperatorActions } from './membership/operator-actions.ts';
import { Outbox } from './state/outbox.ts';
import { Recoveries } from './recovery/recoveries.ts';
import { Registrations } from './membership/registrations.ts';
import { registryOf } from './contract/registry-api.ts';
import { RegistryState } from './state/registry-state.ts';
import { RegistryStore } from './storage/registry-store.ts';
import { checkCanary } from './health/canary.ts';
import { RollUpPublisher } from './health/roll-up-publisher.ts';
import { PositionTable } from './snapshot/position-table.ts';
import { ShareReporter } from './snapshot/share-reporter.ts';
import { RootCauses } from './health/root-causes.ts';
import { Switchovers } from './membership/switchovers.ts';

/** Entrypoints of this same Worker, by their contracts: the registry imports neither class. */
const entrypoints = exports as unknown as { readonly Prober: ProbeRunner; readonly FailureManager: FailureIntake };

/** Callers' failures bring about no more checks of a component than this. */
const DOUBT_EVERY_MS = 1_000;

export abstract class RegistryRuntime extends DurableObject<Env> {
  protected readonly state: RegistryState;
  protected readonly rounds: CheckRunner;
  protected readonly recoveries: Recoveries;
  protected readonly drills: Drills;
  protected readonly health: HealthTracker;
  protected readonly doubts: SelfDoubtGuard;
  protected readonly lifecycles: Lifecycles;
  protected readonly operations: OperatorActions;
  protected readonly orders: OperatorRecoveries;
  protected readonly switches: Switchovers;
  protected readonly registrations: Registrations;
  protected readonly controls: ControlCredentials;
  protected readonly beats: Heartbeats;
  protected readonly edges: EdgeSync;
  protected readonly leases: Leases;
  protected readonly outbox: Outbox;
  protected readonly events: EventSink;
  protected readonly reports: FailureReports;
  protected readonly clock: SingleAlarm;
  protected readonly shadows: RootCauses;
  protected readonly shares: ShareReporter;
  protected readonly rollUp: RollUpPublisher;
  private readonly ejections: OutlierEjection;
  /** The latest this object has seen of the time, epoch ms. */
  private lastSeen = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.clock = new SingleAlarm(ctx.storage);
    this.state = new RegistryState(new RegistryStore(ctx.storage.sql), ctx.storage);
    this.recoveries = new Recoveries(this.state);
    this.drills = new Drills(this.state, this.recoveries);
    this.health = new HealthTracker(this.state, this.recoveries);
    this.lifecycles = new Lifecycles(this.state, this.recoveries);
    this.operations = new OperatorActions(this.state, this.lifecycles, this.recoveries);
    this.orders = new OperatorRecoveries(this.state, this.recoveries);
    this.switches = new Switchovers(this.state, this.lifecycles);
    this.registrations = new Registrations(this.state, this.lifecycles);
    this.beats = new Heartbeats(this.state);
    this.shadows = new RootCauses(this.state);
    this.ejections = new OutlierEjection(this.state);
    const seating = new PositionTable(this.state);
    this.edges = new EdgeSync(this.state, seating);
    const gate = new HostRateLimiter();
    this.controls = new ControlCredentials(this.state, this.recoveries, gate);
    this.rounds = new CheckRunner(entrypoints.Prober, gate, async (reports) => this.takeReports(reports));
    // A stub that has once failed stays broken, so each call gets its own.
    this.events = {
      publish: (drafts, health) => env.SYSTEM_COORDINATOR.getByName('system').publish(drafts, health),
      reconcile: (conditions) => env.SYSTEM_COORDINATOR.getByName('system').reconcile(conditions),
    };
    this.reports = new FailureReports(this.state, entrypoints.FailureManager);
    this.leases = new Leases(this.state, seating, this.reports, {
      // What else is due stays due: to look at all members for it would cost more than a lease does.
      arm: () => this.clock.arm(this.leases.dueAt),
      tellWork: (told, now) => {
        this.takeWork([told], now);
        if (told.work.failed > 0) void this.arm();
      },
      committed: () => ctx.storage.sync(),
      deliver: (now) => this.deliver(now),
      short: () => this.rollUp.soon(),
    });
    this.doubts = new SelfDoubtGuard(this.state, {
      askWitness: () =>
        checkCanary(this.state.config.canaryUrl, {
          look: (url) => entrypoints.Prober.look(url),
          otherTypes: () => env.SYSTEM_COORDINATOR.getByName('system').populatedTypes(this.state.type),
          verdictOf: (type) => registryOf(type).canaryVerdict(),
        }),
      judge: (signals, now) => this.judge(signals, now),
      settle: (now) => void this.settle(now),
    });
    this.rollUp = new RollUpPublisher({
      view: (now) => toTypeHealth(this.state, now, this.leases.shortSince(now)),
      publish: (health) => this.events.publish([], health),
      isPassing: (now) => this.leases.isShort(now),
    });
    this.shares = new ShareReporter(this.state, (now) => this.deliver(now));
    this.outbox = new Outbox(this.state.store, {
      events: this.events,
      failures: entrypoints.FailureManager,
      typeHealth: () => this.rollUp.take(Date.now()),
      batchItem: (report) => this.reports.batchItem(report),
    });
    for (const id of this.state.load(Date.now())) {
      console.error(JSON.stringify({ message: 'stored component cannot be read', componentId: id }));
    }
    this.state.turned = (now) => {
      this.shares.turned(now);
      this.rollUp.soon();
    };
    // What changed before a kill may not have been told.
    if (this.state.members.size > 0) this.shares.turned(Date.now());
    // What a kill left undelivered goes out with the next alarm, which is at once.
    if (this.state.store.outboxSize() > 0) this.outbox.tryAgainAt(Date.now());
    void ctx.blockConcurrencyWhile(async () => {
      await this.clock.read();
      await this.arm();
    });
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    const now = Date.now();
    const lateMs = this.clock.lateBy(now, info?.scheduledTime);
    this.clock.fired();
    try {
      this.wake(lateMs, now);
      this.tick(now);
      this.deliver(now);
    } catch (error) {
      // A handler that throws is given up after a few tries and takes the schedule with it.
      console.error(JSON.stringify({ message: 'round failed', type: this.state.type, error: String(error) }));
    } finally {
      await this.arm();
    }
  }

  /** Everything that is due by `now`. Running it twice does nothing twice. */
  protected tick(now: number): void {
    this.followClock(now);
    this.doubts.tick(now);
    const silent = this.beats.expire(now);
    this.observe(silent, now);
    this.rounds.startNow(
      silent.map(({ member }) => member),
      now,
    );
    this.lifecycles.expire(now);
    this.recoveries.expireVerifications(now);
    if (this.drills.expire(now)) this.deliver(now);
    this.leases.tick(now);
    if (this.ejections.expire(now)) this.deliver(now);
    this.observe(this.rounds.start(this.state.members.values(), now), now);
    this.state.samples.flush(now);
  }

  /** When we slept, what failed meanwhile proves nothing: heartbeats were not heard, reports could not arrive. */
  private wake(lateMs: number, now: number): void {
    if (!this.state.sleeps.note(lateMs, now)) return;
    this.beats.excuse(now);
    this.abandonChecks(({ startedAt }) => startedAt <= now - lateMs, now);
  }

  /** After the clock went back nothing is due later than it could be, and no check waits for a report for ever. */
  private followClock(now: number): void {
    const wentBack = now < this.lastSeen;
    this.lastSeen = now;
    if (!wentBack) return;
    this.state.clampSchedule(now);
    this.beats.clamp(now);
    this.abandonChecks(({ startedAt }) => startedAt > now, now);
  }

  private abandonChecks(isVoid: (check: Check) => boolean, now: number): void {
    this.observe(this.rounds.abandon(this.state.members.values(), isVoid, now), now);
  }

  private async takeReports(reports: AttemptReport[]): Promise<void> {
    const now = Date.now();
    // The alarm may come after them.
    this.wake(this.clock.lateBy(now), now);
    this.observe(this.rounds.observe(this.state.members, reports, now), now);
    await this.arm();
  }

  /** Judges signals, stores what they changed and delivers it. */
  protected observe(signals: readonly MemberSignal[], now: number): void {
    this.judge(this.doubts.sift(signals, now), now);
  }

  private judge(signals: readonly MemberSignal[], now: number): void {
    this.state.samples.note(signals, now);
    const written = this.health.observe(signals, now);
    if (written) this.deliver(now);
  }

  /** Forgets a check that asked an older registration and asks the new one at once. */
  protected checkAnew(member: Member, known: ComponentRecord | undefined, now: number): void {
    // A component that changes its metadata every few seconds must not escape its checks.
    if (!known || !isSameHealthCheck(known.registration, member.record.registration)) member.check = null;
    this.beats.expectNext(member, now);
    this.checkSoon(member, now);
  }

  protected checkSoon(member: Member, now: number): void {
    this.rounds.startNow([member], now);
  }

  /** Takes in what is told of work: who fails at it is checked now, who fails at too much is ejected. */
  protected takeWork(told: readonly MemberOutcomes[], now: number): void {
    if (this.ejections.take(told, now)) this.deliver(now);
    const failed = told.filter(({ work }) => work.failed > 0);
    if (failed.length > 0)
      this.checkIfDoubted(
        failed.map(({ member }) => member),
        now,
      );
  }

  /** Work failed there: asks now how they are, unless that was asked a moment ago. */
  protected checkIfDoubted(members: readonly Member[], now: number): void {
    const doubted = members.filter(({ record }) => now - (record.health.lastCheckAt ?? 0) >= DOUBT_EVERY_MS);
    this.rounds.startNow(doubted, now);
  }

  protected view(record: ComponentRecord, now: number) {
    return resourceView(this.state, now)(record);
  }

  /** Delivers what was written and arms the alarm for what is due next. */
  protected async settle(now: number): Promise<void> {
    this.deliver(now);
    await this.arm();
  }

  /** Delivers in the background; what is not taken is tried again by the alarm. */
  protected deliver(now: number): void {
    void this.outbox.flush(now).then(() => this.arm());
  }

  protected async arm(): Promise<void> {
    this.followClock(Date.now());
    let due = Math.min(this.outbox.retryAt, this.leases.dueAt);
    for (const member of this.state.members.values()) due = Math.min(due, dueAt(member, this.state.sleeps));
    await this.clock.arm(due);
  }
}
