/**
 * The registry of one component type: a Durable Object.
 *
 * Owns registrations, health, load, the schedule of checks (alarm) and the outbox. Does not decide:
 * the core judges, this object loads, stores in one synchronous transaction, schedules and delivers.
 */
import type { Actor } from '../core/access/actor.ts';
import type { OwnerFilter } from '../core/access/permission.ts';
import type { RecoveryOutcome } from '../core/component/component-record.ts';
import type { Operation } from '../core/component/operate.ts';
import type { ComponentOverrides } from '../core/config/component-config.ts';
import type { TypeOverrides } from '../core/config/effective-config.ts';
import type { DrillBegin } from '../core/drill/drill.ts';
import type { RootCauseUpdate } from '../core/health/root-cause-update.ts';
import type { StabilityCriterion } from '../core/health/stability.ts';
import { stability } from '../core/health/stability.ts';
import type { JsonObject } from '../core/json.ts';
import { fail, ok } from '../core/result.ts';
import { healthReportOf, loadsOf, pageOf } from './state/component-views.ts';
import type { HistoryQuery } from './contract/history-api.ts';
import { historyPage, spanOf } from './state/history-page.ts';
import type { AcquireRequest, Completion, LeaseQuery } from './contract/lease-api.ts';
import { chargeProbe, chargeReport } from './limits/on-demand-limits.ts';
import type {
  ComponentQuery,
  HeartbeatInput,
  ProbeResult,
  RegisterInput,
  RegistryApi,
  RemoveOptions,
  RotateOptions,
} from './contract/registry-api.ts';
import type { SyncRequest } from './contract/snapshot-api.ts';
import type { ActionRequest, ControlPurpose, RecoveryCause } from './contract/recovery-api.ts';
import { RegistryRuntime } from './registry-runtime.ts';
import { snapshotPage } from './snapshot/snapshot-page.ts';
import type { SwitchoverRequest } from './contract/switchover-api.ts';
import { canaryVerdict } from './health/canary.ts';

/** Components whose share changed, in one answer. */
const MAX_TOLD = 1_000;

export class ComponentRegistry extends RegistryRuntime implements RegistryApi {
  async register(input: RegisterInput): ReturnType<RegistryApi['register']> {
    const now = Date.now();
    const stored = this.registrations.store(input, now);
    if (!stored.ok) return stored;
    const { member, before, change } = stored.value;
    if (change === 'changed') this.checkAnew(member, before, now);
    else if (change === 'unchanged' && member.record.health.status !== 'healthy') this.checkSoon(member, now);
    await this.settle(now);
    return ok({ created: !before, component: this.view(member.record, now) });
  }

  async canaryVerdict(): ReturnType<RegistryApi['canaryVerdict']> {
    const testimony = canaryVerdict(this.state, this.rounds, Date.now());
    await this.arm();
    return testimony;
  }

  async component(id: string, only: OwnerFilter = null): ReturnType<RegistryApi['component']> {
    const found = this.state.find(id, only);
    return found.ok ? ok(this.view(found.value.record, Date.now())) : found;
  }

  async components(query: ComponentQuery): ReturnType<RegistryApi['components']> {
    return pageOf(this.state, query, Date.now());
  }

  async snapshotPage(after: string | null): ReturnType<RegistryApi['snapshotPage']> {
    return { revision: this.state.revision, ...snapshotPage(this.state, after, Date.now()) };
  }

  async revision(known: number | null, holdMs: number): Promise<number> {
    if (known === this.state.revision) await this.state.watchers.wait(holdMs);
    return this.state.revision;
  }

  async healthReport(id: string, only: OwnerFilter = null): ReturnType<RegistryApi['healthReport']> {
    const found = this.state.find(id, only);
    return found.ok ? ok(healthReportOf(found.value, this.state, Date.now())) : found;
  }

  async historyOf(id: string, query: HistoryQuery, only: OwnerFilter = null): ReturnType<RegistryApi['historyOf']> {
    const found = this.state.find(id, only);
    if (!found.ok) return found;
    const span = spanOf(query, found.value.record, Date.now());
    return ok(historyPage(id, { ...query, ...span }, this.state.samples, this.state.store.samples));
  }

  async remove(id: string, options: RemoveOptions): ReturnType<RegistryApi['remove']> {
    const now = Date.now();
    const removal = this.registrations.remove(id, options, now);
    if (removal.ok) await this.settle(now);
    return removal;
  }

  async removeClaim(id: string, claim: number): Promise<void> {
    const record = this.state.members.get(id)?.record;
    if (record?.claim !== claim) return;
    const now = Date.now();
    this.lifecycles.remove(record, now);
    await this.settle(now);
  }

  async heartbeats(beats: readonly HeartbeatInput[]): ReturnType<RegistryApi['heartbeats']> {
    const now = Date.now();
    const results = this.beats.take(beats, (signals) => this.observe(signals, now), now);
    await this.arm();
    return results;
  }

  async probe(id: string, only: OwnerFilter = null): ReturnType<RegistryApi['probe']> {
    const found = this.state.find(id, only);
    if (!found.ok) return found;
    const member = found.value;
    if (!member.record.registration.healthCheck) return fail('no-health-check', `${id} registered no healthCheck`);
    const now = Date.now();
    const refusal = chargeProbe(member, now);
    if (refusal) return refusal;
    const verdict = new Promise<Omit<ProbeResult, 'health'>>((resolve) => member.waiting.push(resolve));
    this.checkSoon(member, now);
    await this.arm();
    const result = await verdict;
    return ok({ ...result, health: this.view(member.record, Date.now()).health });
  }

  async reportFailure(
    id: string,
    error: { code?: string; message: string },
    context: JsonObject | null,
    only: OwnerFilter = null,
  ): ReturnType<RegistryApi['reportFailure']> {
    const found = this.state.find(id, only);
    if (!found.ok) return found;
    const member = found.value;
    const now = Date.now();
    const refusal = chargeReport(member, now);
    if (refusal) return refusal;
    const report = this.reports.store(member, { code: error.code ?? '', message: error.message }, context, now);
    this.checkSoon(member, now);
    await this.arm();
    const evaluation = await this.reports.evaluate(report);
    this.deliver(now);
    return ok(evaluation);
  }

  async controlSecret(id: string, only: OwnerFilter = null): ReturnType<RegistryApi['controlSecret']> {
    return this.controls.secret(id, only, Date.now());
  }

  async rotateControlSecret(id: string, options: RotateOptions = {}): ReturnType<RegistryApi['rotateControlSecret']> {
    const now = Date.now();
    const rotated = this.controls.rotate(id, options, now);
    if (rotated.ok) await this.settle(now);
    return rotated;
  }

  async controllerSecret(): ReturnType<RegistryApi['controllerSecret']> {
    return this.controls.controllerSecret(Date.now());
  }

  async rotateControllerSecret(
    options: Parameters<RegistryApi['rotateControllerSecret']>[0],
  ): ReturnType<RegistryApi['rotateControllerSecret']> {
    const now = Date.now();
    const rotated = this.controls.rotateController(options, now);
    if (rotated.ok) await this.settle(now);
    return rotated;
  }

  async sync(request: SyncRequest): ReturnType<RegistryApi['sync']> {
    const { edge, place, given, reported, blocks = [], config = null } = request;
    const now = Date.now();
    const isConfigured = config !== null && this.state.configure(config, now);
    this.edges.takeGiven(place, given, now);
    this.takeWork(this.edges.takeReported(reported, now), now);
    const answer = this.leases.takeReports(blocks, now);
    if (reported.length + blocks.length > 0 || isConfigured) await this.arm();
    const decider = this.edges.decider(edge, given, now);
    return { ...this.edges.delta(place, now), decider, blocks: answer, configRevision: this.state.configRevision };
  }

  async configure(config: TypeOverrides): Promise<void> {
    if (this.state.configure(config, Date.now())) await this.arm();
  }

  async configureComponents(told: readonly ComponentOverrides[]): Promise<void> {
    if (this.state.configureComponents(told, Date.now())) await this.arm();
  }

  async acquire(request: AcquireRequest): ReturnType<RegistryApi['acquire']> {
    return this.leases.acquire(request);
  }

  async completeLease(id: string, completion: Completion): ReturnType<RegistryApi['completeLease']> {
    return this.leases.complete(id, completion);
  }

  async renewLease(id: string, ttlMs: number): ReturnType<RegistryApi['renewLease']> {
    return this.leases.renew(id, ttlMs);
  }

  async listLeases(query: LeaseQuery): ReturnType<RegistryApi['listLeases']> {
    return this.leases.list(query);
  }

  async loads(): ReturnType<RegistryApi['loads']> {
    return loadsOf(this.state, Date.now());
  }

  async held(id: string): ReturnType<RegistryApi['held']> {
    const record = this.state.members.get(id)?.record ?? null;
    return record && { claim: record.claim, owner: record.owner, dependencies: record.registration.dependencies };
  }

  async steadiness(ids: readonly string[], by: StabilityCriterion): ReturnType<RegistryApi['steadiness']> {
    const now = Date.now();
    return ids.map((id) => {
      const record = this.state.members.get(id)?.record;
      return record ? stability(record, by, this.state.configFor(id), now) : 'gone';
    });
  }

  async beginRecovery(id: string, cause: RecoveryCause): ReturnType<RegistryApi['beginRecovery']> {
    const begun = await this.recoveries.begin(id, cause, Date.now);
    this.deliver(Date.now());
    return begun;
  }

  async recoveryStanding(id: string, only: OwnerFilter = null): ReturnType<RegistryApi['recoveryStanding']> {
    const found = this.state.find(id, only);
    return found.ok ? ok(this.recoveries.standing(found.value.record, Date.now())) : found;
  }

  async recoveryFacts(id: string, recoveryId: string): ReturnType<RegistryApi['recoveryFacts']> {
    return this.recoveries.target(id, recoveryId);
  }

  async controlAccess(id: string, purpose: ControlPurpose): ReturnType<RegistryApi['controlAccess']> {
    return this.controls.access(id, purpose, Date.now());
  }

  async permitAction(id: string, recoveryId: string, disruptive: boolean): ReturnType<RegistryApi['permitAction']> {
    return this.recoveries.permitAction(id, recoveryId, disruptive, Date.now());
  }

  async beginVerification(
    id: string,
    recoveryId: string,
    position: number,
    forMs: number,
  ): ReturnType<RegistryApi['beginVerification']> {
    const begun = this.recoveries.beginVerification(id, recoveryId, position, forMs, Date.now());
    await this.arm();
    return begun ? ok(null) : fail('not-recovering', `${id} is not in recovery ${recoveryId}`);
  }

  async endRecovery(id: string, recoveryId: string, outcome: RecoveryOutcome): Promise<RecoveryOutcome> {
    const ended = this.recoveries.end(id, recoveryId, outcome, Date.now());
    await this.settle(Date.now());
    return ended;
  }

  async cancelRecovery(
    id: string,
    recoveryId: string,
    actor: Actor | null = null,
  ): ReturnType<RegistryApi['cancelRecovery']> {
    const cancelled = this.recoveries.cancel(id, recoveryId, actor, Date.now());
    await this.settle(Date.now());
    return cancelled ? ok(null) : fail('not-recovering', `recovery ${recoveryId} is not running`);
  }

  async promoteStandby(id: string, recoveryId: string): ReturnType<RegistryApi['promoteStandby']> {
    const now = Date.now();
    const promoted = this.lifecycles.promoteStandby(id, recoveryId, now);
    await this.settle(now);
    return promoted;
  }

  async isolate(id: string, recoveryId: string, until: number): ReturnType<RegistryApi['isolate']> {
    const now = Date.now();
    const isolated = this.lifecycles.isolate(id, recoveryId, until, now);
    await this.settle(now);
    return isolated.ok ? ok(this.view(isolated.value.record, now)) : isolated;
  }

  async operate(id: string, operation: Operation, actor: Actor | null = null): ReturnType<RegistryApi['operate']> {
    const now = Date.now();
    const operated = this.operations.operate(id, operation, actor, now);
    await this.settle(now);
    return operated.ok ? ok(this.view(operated.value.record, now)) : operated;
  }

  async beginDrill(
    componentId: string,
    begin: DrillBegin,
    actor: Actor | null = null,
  ): ReturnType<RegistryApi['beginDrill']> {
    const now = Date.now();
    const begun = this.drills.begin(componentId, begin, actor, now);
    await this.settle(now);
    return begun;
  }

  async listDrills(): ReturnType<RegistryApi['listDrills']> {
    return this.drills.list();
  }

  async switchTo(
    id: string,
    change: SwitchoverRequest,
    actor: Actor | null = null,
  ): ReturnType<RegistryApi['switchTo']> {
    const now = Date.now();
    const switched = this.switches.change(id, change, actor, now);
    await this.settle(now);
    return switched.ok ? ok(this.view(switched.value.record, now)) : switched;
  }

  async askAction(id: string, asked: ActionRequest, actor: Actor | null = null): ReturnType<RegistryApi['askAction']> {
    const order = await this.orders.ask(id, asked, { actor, clock: Date.now });
    await this.settle(Date.now());
    return order;
  }

  async dependenciesTurned(turns: readonly RootCauseUpdate[]): ReturnType<RegistryApi['dependenciesTurned']> {
    const now = Date.now();
    for (const member of this.shadows.take(turns, now)) {
      // Silent all along: it gets the time of one heartbeat to be heard of, and has failed if it is not.
      if (member.record.health.heartbeatStatus === 'unhealthy') this.beats.expectNext(member, now);
    }
    await this.arm();
  }

  async checkDoubted(ids: readonly string[]): ReturnType<RegistryApi['checkDoubted']> {
    const now = Date.now();
    const doubted = ids.flatMap((id) => this.state.members.get(id) ?? []);
    this.checkIfDoubted(doubted, now);
    await this.arm();
  }

  async redistribute(actor: Actor | null = null): ReturnType<RegistryApi['redistribute']> {
    const now = Date.now();
    const { members } = this.state;
    if (members.size === 0) return { revision: this.state.revision, components: 0, moved: 0, changes: [] };
    const { moved, changes } = this.shares.redistribute(actor, now);
    this.leases.redistribute(now);
    await this.settle(now);
    return { revision: this.state.revision, components: members.size, moved, changes: changes.slice(0, MAX_TOLD) };
  }

  /** Cron's visit: repairs what an alarm would do, were it lost, and wakes recoveries that sleep. */
  async sweep(config: TypeOverrides | null = null): Promise<void> {
    const now = Date.now();
    if (config) this.state.configure(config, now);
    if (this.state.type === '') return;
    try {
      this.state.clampSchedule(now);
      this.leases.forget(now);
      this.tick(now);
      this.state.samples.trim(now);
      this.state.store.askedActions.trim(now);
      this.state.trimConfigs(now);
      this.state.commit({ outbox: this.recoveries.nudges(), visible: false }, now);
    } finally {
      // First of all the alarm: whatever else is away, checks go on.
      await this.clock.read();
      await this.arm();
    }
    await this.outbox.flush(now);
    await this.events.publish([], this.rollUp.take(now));
    await this.events.reconcile(this.shadows.conditions());
  }
}
