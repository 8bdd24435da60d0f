/**
 * The registry of one component type: a Durable Object. Holds the RPC methods only; `registry-runtime.ts` wires the
 * modules behind them.
 *
 * Owns registrations, health, load, the check schedule (alarm) and the outbox. Never decides: the core judges, the
 * modules load, store in one synchronous transaction, schedule and deliver.
 */
import { DurableObject } from 'cloudflare:workers';
import type { Actor } from '../core/access/actor.ts';
import type { OwnerFilter } from '../core/access/permission.ts';
import type { RecoveryOutcome } from '../core/component/component-record.ts';
import type { Operation } from '../core/component/lifecycle-operation.ts';
import type { ComponentOverrides } from '../core/config/component-config.ts';
import type { TypeOverrides } from '../core/config/effective-config.ts';
import type { NewDrill } from '../core/drill/drill.ts';
import type { RootCauseUpdate } from '../core/health/root-cause-update.ts';
import type { StabilityCriterion } from '../core/health/stability.ts';
import type { RecoveryCause } from '../core/failure/failure-manager-api.ts';
import type { RecoveryWork } from '../core/failure/recovery-work.ts';
import { NO_WORK } from '../core/failure/recovery-work.ts';
import type { JsonObject } from '../core/json.ts';
import { fail, ok } from '../core/result.ts';
import { healthReportOf, loadsOf, memberView, pageOf } from './state/component-views.ts';
import type { HistoryQuery } from './contract/history-api.ts';
import { historyPage, readableSpan } from './state/history-page.ts';
import type { AcquireRequest, Completion, LeaseQuery } from './contract/lease-api.ts';
import type {
  ComponentQuery,
  HeartbeatInput,
  RegisterInput,
  RegistryApi,
  RemoveOptions,
  RotateOptions,
} from './contract/registry-api.ts';
import type { SyncRequest } from './contract/snapshot-api.ts';
import type { ActionRequest, ControlPurpose } from './contract/recovery-api.ts';
import { RegistryRuntime } from './registry-runtime.ts';
import { snapshotPage } from './snapshot/snapshot-page.ts';
import type { SwitchoverRequest } from './contract/switchover-api.ts';

/** Share changes in one response of `redistribute`. */
const MAX_SHARE_CHANGES = 1_000;

export class ComponentRegistry extends DurableObject<Env> implements RegistryApi {
  private readonly runtime: RegistryRuntime;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.runtime = new RegistryRuntime(ctx, env);
  }

  override alarm(info?: AlarmInvocationInfo): Promise<void> {
    return this.runtime.alarm(info);
  }

  async register(input: RegisterInput): ReturnType<RegistryApi['register']> {
    const now = Date.now();
    const stored = this.runtime.registrations.store(input, now);
    if (!stored.ok) return stored;
    const { member, before, change } = stored.value;
    if (change === 'changed') this.runtime.recheck(member, before, now);
    else if (change === 'unchanged' && member.record.health.status !== 'healthy') this.runtime.checkSoon([member], now);
    await this.runtime.deliverAndArm(now);
    return ok({ created: !before, component: this.runtime.view(member.record, now) });
  }

  async canaryVerdict(): ReturnType<RegistryApi['canaryVerdict']> {
    return this.runtime.canaryVerdict(Date.now());
  }

  async component(id: string, only: OwnerFilter = null): ReturnType<RegistryApi['component']> {
    const found = this.runtime.state.find(id, only);
    return found.ok ? ok(memberView(this.runtime.state, found.value, Date.now())) : found;
  }

  async components(query: ComponentQuery): ReturnType<RegistryApi['components']> {
    return pageOf(this.runtime.state, query, Date.now());
  }

  async snapshotPage(after: string | null): ReturnType<RegistryApi['snapshotPage']> {
    return { revision: this.runtime.state.revision, ...snapshotPage(this.runtime.state, after, Date.now()) };
  }

  async revision(known: number | null, holdMs: number): Promise<number> {
    if (known === this.runtime.state.revision) await this.runtime.state.watchers.wait(holdMs);
    return this.runtime.state.revision;
  }

  async healthReport(id: string, only: OwnerFilter = null): ReturnType<RegistryApi['healthReport']> {
    const found = this.runtime.state.find(id, only);
    return found.ok ? ok(healthReportOf(found.value, this.runtime.state, Date.now())) : found;
  }

  async historyOf(id: string, query: HistoryQuery, only: OwnerFilter = null): ReturnType<RegistryApi['historyOf']> {
    const found = this.runtime.state.find(id, only);
    if (!found.ok) return found;
    const span = readableSpan(query, found.value.record, Date.now());
    return ok(historyPage(id, { ...query, ...span }, this.runtime.state.samples, this.runtime.state.store.samples));
  }

  async remove(id: string, options: RemoveOptions): ReturnType<RegistryApi['remove']> {
    const now = Date.now();
    const removal = this.runtime.registrations.remove(id, options, now);
    if (removal.ok) await this.runtime.deliverAndArm(now);
    return removal;
  }

  async removeClaim(id: string, claim: number): Promise<void> {
    const record = this.runtime.state.members.get(id)?.record;
    if (record?.claim !== claim) return;
    const now = Date.now();
    this.runtime.lifecycles.remove(record, now);
    await this.runtime.deliverAndArm(now);
  }

  async heartbeats(beats: readonly HeartbeatInput[]): ReturnType<RegistryApi['heartbeats']> {
    const now = Date.now();
    const results = this.runtime.heartbeats.apply(beats, (signals) => this.runtime.observe(signals, now), now);
    await this.runtime.arm();
    await this.runtime.heartbeats.written(now);
    return results;
  }

  async probe(id: string, only: OwnerFilter = null, account: string | null = null): ReturnType<RegistryApi['probe']> {
    const found = this.runtime.state.find(id, only);
    if (!found.ok) return found;
    const member = found.value;
    if (!member.record.registration.healthCheck) return fail('no-health-check', `${id} registered no healthCheck`);
    const now = Date.now();
    const refusal = this.runtime.probes.refuse(member, account, now);
    if (refusal) return refusal;
    const result = await this.runtime.checksOnDemand.now(member, now).finally(() => this.runtime.probes.end(account));
    return ok({ ...result, health: memberView(this.runtime.state, member, Date.now()).health });
  }

  async reportFailure(
    id: string,
    error: { code?: string; message: string },
    context: JsonObject | null,
    only: OwnerFilter = null,
    by: string | null = null,
  ): ReturnType<RegistryApi['reportFailure']> {
    const found = this.runtime.state.find(id, only);
    if (!found.ok) return found;
    const member = found.value;
    const now = Date.now();
    const refusal = this.runtime.failureReports.refuse(member, now);
    if (refusal) return refusal;
    const report = this.runtime.failureReports.store(
      member,
      { error: { code: error.code ?? '', message: error.message }, context, by },
      now,
    );
    this.runtime.checkSoon([member], now);
    await this.runtime.arm();
    const evaluation = await this.runtime.failureReports.evaluate(report);
    this.runtime.deliver(now);
    return ok(evaluation);
  }

  async controlSecret(id: string, only: OwnerFilter = null): ReturnType<RegistryApi['controlSecret']> {
    return this.runtime.credentials.secret(id, only, Date.now());
  }

  async rotateControlSecret(id: string, options: RotateOptions = {}): ReturnType<RegistryApi['rotateControlSecret']> {
    const now = Date.now();
    const rotated = this.runtime.credentials.rotate(id, options, now);
    if (rotated.ok) await this.runtime.deliverAndArm(now);
    return rotated;
  }

  async controllerSecret(): ReturnType<RegistryApi['controllerSecret']> {
    return this.runtime.credentials.controllerSecret(Date.now());
  }

  async rotateControllerSecret(
    options: Parameters<RegistryApi['rotateControllerSecret']>[0],
  ): ReturnType<RegistryApi['rotateControllerSecret']> {
    const now = Date.now();
    const rotated = this.runtime.credentials.rotateController(options, now);
    if (rotated.ok) await this.runtime.deliverAndArm(now);
    return rotated;
  }

  async sync(request: SyncRequest): ReturnType<RegistryApi['sync']> {
    const { edge, syncedTo: place, from = null, assignments, outcomes, blocks = [], config = null } = request;
    const now = Date.now();
    const isConfigured = config !== null && this.runtime.state.configure(config, now);
    this.runtime.edgeSync.applyAssignments(request, now);
    this.runtime.applyOutcomes(this.runtime.edgeSync.applyOutcomes(outcomes, now), now);
    const blockUpdates = this.runtime.leases.applyReports(blocks, now);
    if (outcomes.length + blocks.length > 0 || isConfigured) await this.runtime.arm();
    const edgeMember = this.runtime.edgeSync.edgeMember(edge, assignments, now);
    return {
      ...this.runtime.edgeSync.delta(place, from, now),
      edgeMember,
      blocks: blockUpdates,
      configRevision: this.runtime.state.configRevision,
    };
  }

  async configureType(config: TypeOverrides): Promise<void> {
    if (this.runtime.state.configure(config, Date.now())) await this.runtime.arm();
  }

  async configureComponents(overrides: readonly ComponentOverrides[]): Promise<void> {
    if (this.runtime.state.configureComponents(overrides, Date.now())) await this.runtime.arm();
  }

  async acquire(request: AcquireRequest): ReturnType<RegistryApi['acquire']> {
    return this.runtime.leases.acquire(request);
  }

  async completeLease(id: string, completion: Completion): ReturnType<RegistryApi['completeLease']> {
    return this.runtime.leases.complete(id, completion);
  }

  async renewLease(id: string, ttlMs: number): ReturnType<RegistryApi['renewLease']> {
    return this.runtime.leases.renew(id, ttlMs);
  }

  async listLeases(query: LeaseQuery): ReturnType<RegistryApi['listLeases']> {
    return this.runtime.leases.list(query);
  }

  async loads(): ReturnType<RegistryApi['loads']> {
    return loadsOf(this.runtime.state, Date.now());
  }

  async claimOf(id: string): ReturnType<RegistryApi['claimOf']> {
    const unreadable = this.runtime.state.unreadable.get(id);
    if (unreadable) return { ...unreadable, dependencies: [] };
    const record = this.runtime.state.members.get(id)?.record ?? null;
    return record && { claim: record.claim, owner: record.owner, dependencies: record.registration.dependencies };
  }

  async stabilityOf(ids: readonly string[], by: StabilityCriterion): ReturnType<RegistryApi['stabilityOf']> {
    return this.runtime.stabilityOf(ids, by, Date.now());
  }

  async beginRecovery(id: string, cause: RecoveryCause): ReturnType<RegistryApi['beginRecovery']> {
    const begun = await this.runtime.recoveries.begin(id, cause, Date.now);
    await this.runtime.deliverAndArm(Date.now());
    return begun;
  }

  async recoveryConditions(id: string, only: OwnerFilter = null): ReturnType<RegistryApi['recoveryConditions']> {
    const found = this.runtime.state.find(id, only);
    return found.ok ? ok(this.runtime.recoveries.conditions(found.value.record, Date.now())) : found;
  }

  async recoveryFacts(id: string, recoveryId: string): ReturnType<RegistryApi['recoveryFacts']> {
    return this.runtime.recoveries.target(id, recoveryId);
  }

  async controlAccess(id: string, purpose: ControlPurpose): ReturnType<RegistryApi['controlAccess']> {
    return this.runtime.credentials.access(id, purpose, Date.now());
  }

  async permitAction(id: string, recoveryId: string, disruptive: boolean): ReturnType<RegistryApi['permitAction']> {
    return this.runtime.permissions.permit(id, recoveryId, disruptive, Date.now);
  }

  async beginVerification(
    id: string,
    recoveryId: string,
    position: number,
    durationMs: number,
  ): ReturnType<RegistryApi['beginVerification']> {
    const begun = this.runtime.verifications.begin(id, recoveryId, position, durationMs, Date.now());
    await this.runtime.arm();
    return begun ? ok(null) : fail('not-recovering', `${id} is not in recovery ${recoveryId}`);
  }

  async endRecovery(
    id: string,
    recoveryId: string,
    outcome: RecoveryOutcome,
    work: RecoveryWork = NO_WORK,
  ): Promise<RecoveryOutcome> {
    const ended = this.runtime.recoveries.end(id, recoveryId, { outcome, work }, Date.now());
    await this.runtime.deliverAndArm(Date.now());
    return ended;
  }

  async cancelRecovery(
    id: string,
    recoveryId: string,
    actor: Actor | null = null,
  ): ReturnType<RegistryApi['cancelRecovery']> {
    const refusal = this.runtime.refuseChange(actor, id, Date.now());
    if (refusal) return refusal;
    const cancelled = this.runtime.recoveries.cancel(id, recoveryId, actor, Date.now());
    await this.runtime.deliverAndArm(Date.now());
    return cancelled ? ok(null) : fail('not-recovering', `recovery ${recoveryId} is not running`);
  }

  async promoteStandby(id: string, recoveryId: string): ReturnType<RegistryApi['promoteStandby']> {
    const now = Date.now();
    const promoted = this.runtime.lifecycles.promoteStandby(id, recoveryId, now);
    await this.runtime.deliverAndArm(now);
    return promoted;
  }

  async isolate(id: string, recoveryId: string, until: number): ReturnType<RegistryApi['isolate']> {
    const now = Date.now();
    const isolated = this.runtime.lifecycles.isolate(id, recoveryId, until, now);
    await this.runtime.deliverAndArm(now);
    return isolated.ok ? ok(this.runtime.view(isolated.value.record, now)) : isolated;
  }

  async operate(id: string, operation: Operation, actor: Actor | null = null): ReturnType<RegistryApi['operate']> {
    const now = Date.now();
    const operated =
      this.runtime.refuseChange(actor, id, now) ?? this.runtime.operatorActions.operate(id, operation, actor, now);
    await this.runtime.deliverAndArm(now);
    return operated.ok ? ok(this.runtime.view(operated.value.record, now)) : operated;
  }

  async beginDrill(
    componentId: string,
    begin: NewDrill,
    actor: Actor | null = null,
  ): ReturnType<RegistryApi['beginDrill']> {
    const now = Date.now();
    const begun =
      this.runtime.refuseChange(actor, componentId, now) ?? this.runtime.drills.begin(componentId, begin, actor, now);
    await this.runtime.deliverAndArm(now);
    return begun;
  }

  async listDrills(): ReturnType<RegistryApi['listDrills']> {
    return this.runtime.drills.list();
  }

  async switchTo(
    id: string,
    change: SwitchoverRequest,
    actor: Actor | null = null,
  ): ReturnType<RegistryApi['switchTo']> {
    const now = Date.now();
    const switched =
      this.runtime.refuseChange(actor, id, now) ?? this.runtime.switchovers.change(id, change, actor, now);
    await this.runtime.deliverAndArm(now);
    return switched.ok ? ok(this.runtime.view(switched.value.record, now)) : switched;
  }

  async requestAction(
    id: string,
    request: ActionRequest,
    actor: Actor | null = null,
  ): ReturnType<RegistryApi['requestAction']> {
    const order =
      this.runtime.refuseChange(actor, id, Date.now()) ??
      (await this.runtime.operatorRecoveries.request(id, request, { actor, clock: Date.now }));
    await this.runtime.deliverAndArm(Date.now());
    return order;
  }

  async applyRootCauseUpdates(updates: readonly RootCauseUpdate[]): ReturnType<RegistryApi['applyRootCauseUpdates']> {
    const now = Date.now();
    const restored = this.runtime.rootCauses.apply(updates, now);
    // These components were silent all along. One more TTL passes before their silence counts as a failure.
    const silent = restored.filter(({ record }) => record.health.heartbeatStatus === 'unhealthy');
    this.runtime.heartbeats.expectNext(silent, now);
    await this.runtime.arm();
  }

  async recheckDependencies(ids: readonly string[]): ReturnType<RegistryApi['recheckDependencies']> {
    const now = Date.now();
    const members = ids.flatMap((id) => this.runtime.state.members.get(id) ?? []);
    await this.runtime.checksOnDemand.unlessRecent(members, now);
  }

  async redistribute(actor: Actor | null = null): ReturnType<RegistryApi['redistribute']> {
    const now = Date.now();
    const { members } = this.runtime.state;
    if (members.size === 0) return { revision: this.runtime.state.revision, components: 0, movedShare: 0, changes: [] };
    const { movedShare, changes } = this.runtime.shareReporter.redistribute(actor, now);
    this.runtime.leases.redistribute(now);
    await this.runtime.deliverAndArm(now);
    return {
      revision: this.runtime.state.revision,
      components: members.size,
      movedShare,
      changes: changes.slice(0, MAX_SHARE_CHANGES),
    };
  }

  async sweep(config: TypeOverrides | null = null): Promise<void> {
    await this.runtime.sweep(config);
  }
}
