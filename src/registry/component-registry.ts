/**
 * The registry of one component type: a Durable Object.
 *
 * Owns registrations, health, load, the schedule of checks (alarm) and the outbox. Does not decide:
 * the core judges, this object loads, stores in one synchronous transaction, schedules and delivers.
 */
import { DurableObject, exports } from 'cloudflare:workers';
import type { ComponentRecord } from '../core/component/component-record.ts';
import type { Lifecycle } from '../core/component/lifecycle.ts';
import { assign } from '../core/component/load.ts';
import type { Registration } from '../core/component/registration.ts';
import type { EventSink } from '../core/event/coordinator-event.ts';
import type { FailureReport } from '../core/failure/failure.ts';
import type { FailureBatchItem, FailureIntake } from '../core/failure/failure-intake.ts';
import { observeHealth } from '../core/health/observe-health.ts';
import type { JsonObject } from '../core/json.ts';
import { fail, ok } from '../core/result.ts';
import type { AttemptReport, ProbeRunner } from '../probe/probe-runner.ts';
import type { MemberSignal } from './check-rounds.ts';
import { CheckRounds } from './check-rounds.ts';
import { matches, resourceView, toCandidate, toTypeHealth, toVitals } from './fleet-views.ts';
import { HealthDesk } from './health-desk.ts';
import { LifecycleDesk } from './lifecycle-desk.ts';
import { firstRecord, renewed } from './new-record.ts';
import { eventDraft, failureDraft } from './health-drafts.ts';
import type { Member } from './member.ts';
import { dueAt } from './member.ts';
import { Outbox } from './outbox.ts';
import { RecoveryDesk } from './recovery-desk.ts';
import type {
  ComponentQuery,
  HeartbeatInput,
  ProbeResult,
  RecoveryCause,
  RecoveryOutcome,
  RegistryApi,
  SyncAnswer,
  SyncRequest,
} from './registry-api.ts';
import { RegistryState } from './registry-state.ts';
import { RegistryStore } from './registry-store.ts';

/** Entrypoints of this same Worker, by their contracts: the registry imports neither class. */
const entrypoints = exports as unknown as { readonly Prober: ProbeRunner; readonly FailureManager: FailureIntake };

export class ComponentRegistry extends DurableObject<Env> implements RegistryApi {
  private readonly state: RegistryState;
  private readonly rounds: CheckRounds;
  private readonly desk: RecoveryDesk;
  private readonly health: HealthDesk;
  private readonly lifecycles: LifecycleDesk;
  private readonly outbox: Outbox;
  private readonly events: EventSink;
  private readonly failures: FailureIntake;
  private armedFor: number | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.state = new RegistryState(new RegistryStore(ctx.storage.sql), ctx.storage);
    this.desk = new RecoveryDesk(this.state);
    this.health = new HealthDesk(this.state, this.desk);
    this.lifecycles = new LifecycleDesk(this.state, this.desk);
    this.rounds = new CheckRounds(entrypoints.Prober, async (reports) => this.takeReports(reports));
    this.events = env.SYSTEM_COORDINATOR.getByName('system');
    this.failures = entrypoints.FailureManager;
    this.outbox = new Outbox(this.state.store, {
      events: this.events,
      failures: this.failures,
      typeHealth: () => toTypeHealth(this.state.type, this.state.revision, this.state.members, Date.now()),
      batchItem: (report) => this.batchItem(report),
    });
    for (const id of this.state.load(Date.now())) {
      console.error(JSON.stringify({ message: 'stored component cannot be read', componentId: id }));
    }
    // What a kill left undelivered goes out with the next alarm, which is at once.
    if (this.state.store.outboxSize() > 0) this.outbox.retryAt = Date.now();
    void ctx.blockConcurrencyWhile(async () => {
      this.armedFor = await ctx.storage.getAlarm();
      await this.arm();
    });
  }

  async register(
    registration: Registration,
    generation: number,
    ifGeneration: number | null,
  ): ReturnType<RegistryApi['register']> {
    const now = Date.now();
    this.state.nameType(registration.type);
    const member = this.state.members.get(registration.id);
    if (ifGeneration !== null && !member) return unknown(registration.id);
    if (ifGeneration !== null && member!.record.generation !== ifGeneration) return stale(member!.record, ifGeneration);
    if (member && member.record.generation > generation)
      return ok({ created: false, component: this.view(member.record, now) });
    const { maxComponentsPerType } = this.state.config;
    if (!member && this.state.members.size >= maxComponentsPerType) {
      return fail(
        'component-limit',
        `${registration.type} already has ${maxComponentsPerType} components, the most allowed`,
      );
    }
    const same = member && JSON.stringify(member.record.registration) === JSON.stringify(registration);
    const record = member
      ? renewed(member.record, registration, generation)
      : firstRecord(registration, generation, now);
    const context = this.state.draftContext(record, now);
    const data = { component: context.resource() as unknown as JsonObject };
    const event = eventDraft(member ? 'component.updated' : 'component.registered', record, data, context);
    this.state.commit({ records: [record], outbox: same ? [] : [event], visible: !same }, now);
    const stored = this.state.members.get(registration.id)!;
    if (!same) this.checkAnew(stored, now);
    else if (stored.record.health.status !== 'healthy') this.checkSoon(stored, now);
    await this.settle(now);
    return ok({ created: !member, component: this.view(stored.record, now) });
  }

  async component(id: string): ReturnType<RegistryApi['component']> {
    const member = this.state.members.get(id);
    return member ? ok(this.view(member.record, Date.now())) : unknown(id);
  }

  async components(query: ComponentQuery): ReturnType<RegistryApi['components']> {
    const view = resourceView(this.state.members, this.state.config, Date.now());
    const records = Array.from(this.state.members.values(), (member) => member.record)
      .filter((record) => (query.after === null || record.registration.id > query.after) && matches(record, query))
      .toSorted((a, b) => (a.registration.id < b.registration.id ? -1 : 1));
    return records.slice(0, query.limit).map(view);
  }

  async remove(
    id: string,
    options: { drainMs: number; ifGeneration: number | null },
  ): ReturnType<RegistryApi['remove']> {
    const member = this.state.members.get(id);
    if (!member) return unknown(id);
    const { record } = member;
    if (options.ifGeneration !== null && options.ifGeneration !== record.generation)
      return stale(record, options.ifGeneration);
    const now = Date.now();
    if (options.drainMs > 0) {
      const until = now + options.drainMs;
      this.lifecycles.change(record, { state: 'draining', until }, now);
      await this.settle(now);
      return ok({ generation: record.generation, drainsUntil: until });
    }
    this.lifecycles.remove(record, now);
    await this.settle(now);
    return ok({ generation: record.generation, drainsUntil: null });
  }

  async heartbeat(id: string, beat: HeartbeatInput): ReturnType<RegistryApi['heartbeat']> {
    const member = this.state.members.get(id);
    if (!member) return unknown(id);
    const ttl = member.record.registration.heartbeat?.ttl;
    if (ttl === undefined) return fail('heartbeat-not-declared', `${id} registered no heartbeat.ttl`);
    const now = Date.now();
    if (beat.load) member.record = { ...member.record, load: { ...member.record.load, reported: beat.load } };
    member.heartbeatDueAt = now + ttl;
    this.observe([{ member, signal: { kind: 'heartbeat', status: beat.status }, ended: null }], now);
    await this.arm();
    return ok({ status: member.record.health.status, expiresAt: now + ttl });
  }

  async probe(id: string): ReturnType<RegistryApi['probe']> {
    const member = this.state.members.get(id);
    if (!member) return unknown(id);
    if (!member.record.registration.healthCheck) return fail('no-health-check', `${id} registered no healthCheck`);
    const verdict = new Promise<Omit<ProbeResult, 'health'>>((resolve) => member.waiting.push(resolve));
    this.checkSoon(member, Date.now());
    await this.arm();
    const result = await verdict;
    return ok({ ...result, health: this.view(member.record, Date.now()).health });
  }

  async reportFailure(
    id: string,
    error: { code?: string; message: string },
    context: JsonObject | null,
  ): ReturnType<RegistryApi['reportFailure']> {
    const member = this.state.members.get(id);
    if (!member) return unknown(id);
    const now = Date.now();
    const detail = { code: error.code ?? '', message: error.message };
    const step = observeHealth(member.record.health, { kind: 'reported', error: detail }, this.state.config, now);
    const record = { ...member.record, health: step.next };
    const draft = failureDraft(
      record,
      { kind: 'failed', source: 'report', error: detail },
      context,
      this.state.draftContext(record, now),
    );
    this.state.commit({ records: [record], outbox: [draft], visible: false }, now);
    this.checkSoon(member, now);
    await this.arm();
    const [evaluation] = await this.failures.evaluate([this.batchItem(draft.payload)]);
    void this.outbox.flush(now);
    return ok(evaluation!);
  }

  async sync(request: SyncRequest): Promise<SyncAnswer> {
    const now = Date.now();
    for (const [id, count] of Object.entries(request.assigned)) {
      const member = this.state.members.get(id);
      if (!member) continue;
      const load = assign(member.record.load, count, member.record.health.usualResponseTimeMs, now);
      member.record = { ...member.record, load };
    }
    const members = Array.from(this.state.members.values());
    const moved = request.revision !== this.state.revision;
    return {
      revision: this.state.revision,
      candidates: moved ? members.map((member) => toCandidate(member, now)) : null,
      vitals: members.map((member) => toVitals(member, now)),
    };
  }

  async held(id: string): ReturnType<RegistryApi['held']> {
    const record = this.state.members.get(id)?.record;
    return record ? { generation: record.generation, dependencies: record.registration.dependencies } : null;
  }

  async beginRecovery(id: string, cause: RecoveryCause): ReturnType<RegistryApi['beginRecovery']> {
    const begun = await this.desk.begin(id, cause, Date.now);
    void this.outbox.flush(Date.now());
    return begun;
  }

  async recoveryFacts(id: string, recoveryId: string): ReturnType<RegistryApi['recoveryFacts']> {
    const found = this.desk.find(id, recoveryId);
    if (!found) return fail('not-recovering', `${id} is not in recovery ${recoveryId}`);
    const { registration } = found.member.record;
    const { control } = registration;
    return ok({
      name: registration.name,
      controlUrl: control ? (URL.parse(control.endpoint, registration.endpoint)?.href ?? null) : null,
      facts: {
        controlActions: control?.actions ?? [],
        hasStandby: this.lifecycles.standbyFor(found.member.record) !== undefined,
        autoScalingEnabled: this.state.config.autoScalingEnabled,
      },
    });
  }

  async permitDisruption(id: string, recoveryId: string): ReturnType<RegistryApi['permitDisruption']> {
    return this.desk.permitDisruption(id, recoveryId, Date.now());
  }

  async beginVerification(
    id: string,
    recoveryId: string,
    position: number,
    forMs: number,
  ): ReturnType<RegistryApi['beginVerification']> {
    const begun = this.desk.beginVerification(id, recoveryId, position, forMs, Date.now());
    await this.arm();
    return begun ? ok(null) : fail('not-recovering', `${id} is not in recovery ${recoveryId}`);
  }

  async endRecovery(id: string, recoveryId: string, outcome: RecoveryOutcome): Promise<void> {
    this.desk.end(id, recoveryId, outcome, Date.now());
    await this.settle(Date.now());
  }

  async cancelRecovery(id: string, recoveryId: string): ReturnType<RegistryApi['cancelRecovery']> {
    const found = this.desk.find(id, recoveryId);
    if (!found) return fail('not-recovering', `recovery ${recoveryId} is not running`);
    this.state.commit({ outbox: this.desk.abandon(found.member.record, 'cancelled'), visible: false }, Date.now());
    await this.settle(Date.now());
    return ok(null);
  }

  async promoteStandby(id: string): ReturnType<RegistryApi['promoteStandby']> {
    const failed = this.state.members.get(id)?.record;
    if (!failed) return unknown(id);
    const now = Date.now();
    const standby = this.lifecycles.switchOver(failed, now);
    if (!standby) return fail('no-standby', `${this.state.type} has no healthy standby for ${id}`);
    await this.settle(now);
    return ok({ promoted: standby.registration.id });
  }

  async changeLifecycle(id: string, lifecycle: Lifecycle): ReturnType<RegistryApi['changeLifecycle']> {
    const member = this.state.members.get(id);
    if (!member) return unknown(id);
    const now = Date.now();
    this.lifecycles.change(member.record, lifecycle, now);
    await this.settle(now);
    return ok(this.view(member.record, now));
  }

  /** Cron's visit: repairs what an alarm would do, were it lost, and wakes recoveries that sleep. */
  async sweep(): Promise<void> {
    const now = Date.now();
    if (this.state.type === '') return;
    this.tick(now);
    const nudges = Array.from(this.state.members.values()).flatMap(({ record }) => {
      const order = record.recovery.active?.order;
      return order
        ? [{ kind: 'nudge' as const, key: `nudge:${order.recoveryId}`, componentId: order.componentId, payload: order }]
        : [];
    });
    this.state.commit({ outbox: nudges, visible: false }, now);
    await this.outbox.flush(now);
    await this.events.publish([], toTypeHealth(this.state.type, this.state.revision, this.state.members, now));
    this.armedFor = await this.ctx.storage.getAlarm();
    await this.arm();
  }

  override async alarm(): Promise<void> {
    this.armedFor = null;
    const now = Date.now();
    try {
      this.tick(now);
      void this.outbox.flush(now).then(() => this.arm());
    } catch (error) {
      // A handler that throws is given up after a few tries and takes the schedule with it.
      console.error(JSON.stringify({ message: 'round failed', type: this.state.type, error: String(error) }));
    } finally {
      await this.arm();
    }
  }

  /** Everything that is due by `now`. Running it twice does nothing twice. */
  private tick(now: number): void {
    for (const member of this.state.members.values()) {
      const { record } = member;
      if (member.heartbeatDueAt !== null && member.heartbeatDueAt <= now) {
        member.heartbeatDueAt = null;
        const ttlMs = record.registration.heartbeat?.ttl ?? 0;
        this.observe([{ member, signal: { kind: 'heartbeat-expired', ttlMs }, ended: null }], now);
        this.checkSoon(member, now);
      }
    }
    this.lifecycles.expire(now);
    this.desk.expireVerifications(now);
    this.observe(this.rounds.start(this.state.members.values(), now), now);
  }

  private async takeReports(reports: AttemptReport[]): Promise<void> {
    const now = Date.now();
    this.observe(this.rounds.observe(this.state.members, reports, now), now);
    await this.arm();
  }

  /** Judges signals, stores what they changed and delivers it. */
  private observe(signals: readonly MemberSignal[], now: number): void {
    const written = this.health.observe(signals, now);
    if (written) void this.outbox.flush(now).then(() => this.arm());
  }

  /** Forgets a check that asked an older registration and asks the new one at once. */
  private checkAnew(member: Member, now: number): void {
    member.check = null;
    const ttl = member.record.registration.heartbeat?.ttl;
    if (ttl === undefined || member.heartbeatDueAt === null)
      member.heartbeatDueAt = ttl === undefined ? null : now + ttl;
    this.checkSoon(member, now);
  }

  private checkSoon(member: Member, now: number): void {
    if (member.check) return;
    member.nextCheckAt = now;
    this.observe(this.rounds.start([member], now), now);
  }

  private batchItem(report: FailureReport): FailureBatchItem {
    const waiting = this.state.store
      .readOutboxOf('failure', report.componentId)
      .map((row) => row.payload as FailureReport);
    const record = this.state.members.get(report.componentId)?.record;
    // A component registered anew does not inherit what happened to its predecessor.
    const countSince = record ? Math.max(record.recovery.settledUntil, record.registeredAt - 1) : 0;
    return { report, countSince, waiting };
  }

  private view(record: ComponentRecord, now: number) {
    return resourceView(this.state.members, this.state.config, now)(record);
  }

  /** Delivers what was written and arms the alarm for what is due next. */
  private async settle(now: number): Promise<void> {
    void this.outbox.flush(now).then(() => this.arm());
    await this.arm();
  }

  private async arm(): Promise<void> {
    let due = this.outbox.retryAt ?? Infinity;
    for (const member of this.state.members.values()) due = Math.min(due, dueAt(member));
    // A billed write: only for an earlier time; an alarm that comes too early arms the next by itself.
    if (due === Infinity || (this.armedFor !== null && this.armedFor <= due)) return;
    this.armedFor = due;
    await this.ctx.storage.setAlarm(due);
  }
}

const unknown = (id: string) => fail('unknown-component', `${id} is not registered`);

const stale = (record: ComponentRecord, expected: number) =>
  fail('precondition-failed', `the registration is number ${record.generation}, If-Match says ${expected}`);
