/**
 * A registry's members in memory, written through to its store.
 *
 * Owns the type's revision, which moves with membership, health, lifecycle and configuration, but not with load.
 * Invariant: memory changes only after the transaction that stores the change.
 */
import type { OwnerFilter } from '../../core/access/permission.ts';
import type { Capacities } from '../../core/balancing/shares.ts';
import type { BalancingSettings } from '../../core/balancing/balancing-settings.ts';
import { DEFAULT_BALANCING } from '../../core/balancing/balancing-settings.ts';
import type { ComponentRecord } from '../../core/component/component-record.ts';
import { growthBy, heldBytes } from '../../core/component/registration-size.ts';
import type { StoredControlSecret } from '../../core/component/control-secret.ts';
import { clampToNow } from '../../core/component/clamp-to-now.ts';
import type { EstimateContext } from '../../core/component/load.ts';
import { NO_LOAD } from '../../core/component/load.ts';
import type { ComponentOverrides } from '../../core/config/component-config.ts';
import type { TypeOverrides } from '../../core/config/effective-config.ts';
import type { SystemConfig } from '../../core/config/system-config.ts';
import { balancingOf, configOf } from '../../core/config/system-config.ts';
import type { Drill } from '../../core/drill/drill.ts';
import { MAX_DELAY_MS } from '../../core/health/host-budget.ts';
import type { SelfDoubt } from '../../core/health/self-doubt.ts';
import { NO_SELF_DOUBT } from '../../core/health/self-doubt.ts';
import type { RoundPlace } from '../../core/health/check-schedule.ts';
import { budgetedIntervalMs, detectionFor, nextRoundAt } from '../../core/health/check-schedule.ts';
import { isSameJson } from '../../core/is-same-json.ts';
import type { EndedLease, Lease } from '../../core/lease/lease.ts';
import { endedAs } from '../../core/lease/lease.ts';
import { removeLease, emptyLeaseIndex, leasesOf, putLease, slotsInUse } from '../../core/lease/lease-index.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import { HeldCalls } from '../../long-poll/held-calls.ts';
import type { SumChange } from '../storage/failure-sum-store.ts';
import type { StoredActionRequest } from '../storage/requested-action-store.ts';
import { resourceView } from './component-views.ts';
import type { DraftContext } from './component-events.ts';
import { withFailureEvents } from './failure-events.ts';
import type { Member } from './member.ts';
import { EffectiveConfigs } from './effective-configs.ts';
import { hashOf } from '../../core/hash.ts';
import { INCONCLUSIVE, newMember } from './member.ts';
import type { MemberCounts } from './member-index.ts';
import { MemberIndex } from './member-index.ts';
import type { NotAccessible } from '../contract/registry-api.ts';
import type { OutboxDraft, RegistryStore, UnreadableComponent } from '../storage/registry-store.ts';
import { SampleRecorder, transitionsBetween } from './sample-recorder.ts';
import { MIN_DOWNTIME_MS, Downtime } from './downtime.ts';

export interface Change {
  readonly records?: readonly ComponentRecord[];
  readonly removed?: readonly string[];
  readonly controlSecret?: { readonly id: string; readonly secret: StoredControlSecret };
  readonly requestedAction?: StoredActionRequest;
  readonly outbox?: readonly OutboxDraft[];
  /** Sums of failure reports that count one more, and ids of those that end. */
  readonly failureSums?: readonly SumChange[];
  readonly closedSums?: readonly string[];
  readonly leases?: LeaseChange;
  readonly drills?: readonly Drill[];
  readonly config?: TypeOverrides;
  readonly componentConfigs?: readonly ComponentOverrides[];
  readonly selfDoubt?: SelfDoubt;
  /** Capacities before and after the redistribution that an event of this change reports. */
  readonly capacities?: { readonly before: Capacities; readonly after: Capacities };
  /** True if routing or readers can see a difference; moves the revision. */
  readonly visible: boolean;
}

export interface LeaseChange {
  /** Granted or renewed. */
  readonly granted?: readonly Lease[];
  readonly ended?: readonly EndedLease[];
}

const UNREADABLE =
  'the stored state of the component cannot be read: register it again with POST or PUT, or remove it; it gets no work';

/** Members whose expired deadlines one pass handles; further ones follow in a pass of their own. */
const MAX_DUE_PER_PASS = 250;

/** Interval assumed for members that have no health check of their own. */
const NO_CHECK_INTERVAL_MS = 10_000;

export class RegistryState {
  readonly members: ReadonlyMap<string, Member>;
  readonly index: MemberIndex;
  /** Components whose stored rows cannot be read, by id. A registration or a removal ends an entry. */
  readonly unreadable = new Map<string, UnreadableComponent>();
  readonly store: RegistryStore;
  readonly configs = new EffectiveConfigs();
  balancing: BalancingSettings = DEFAULT_BALANCING;
  /** Revision of the type's configuration in force; 0 for the defaults. */
  configRevision = 0;
  /** Whether the registry trusts its own health signals. */
  selfDoubt: SelfDoubt = NO_SELF_DOUBT;
  readonly leaseIndex = emptyLeaseIndex();
  /** Ids of components whose leased slots or reported load changed since the position table was refreshed. */
  readonly changedLoads = new Set<string>();
  readonly downtime = new Downtime();
  /** Blocking queries that wait for the next revision. */
  readonly watchers = new HeldCalls();
  readonly samples: SampleRecorder;
  type = '';
  revision = 0;
  /** Bytes held for all registrations. */
  heldBytes = 0;
  /** Called after each visible change. */
  onChange: (now: number) => void = () => undefined;
  private readonly membersById = new Map<string, Member>();
  private readonly storage: DurableObjectStorage;

  constructor(store: RegistryStore, storage: DurableObjectStorage) {
    this.store = store;
    this.storage = storage;
    this.members = this.membersById;
    this.index = new MemberIndex({ downtime: this.downtime, configFor: (id) => this.configFor(id) });
    this.samples = new SampleRecorder(this, store.samples, storage);
  }

  /** Loads everything after an eviction or a kill. */
  load(now: number): void {
    this.type = this.store.readScalar('type') ?? '';
    this.revision = Number(this.store.readScalar('revision') ?? 0);
    const config = this.store.loadConfig();
    if (config) this.applyConfig(config);
    for (const overrides of this.store.componentConfigs.load()) this.configs.apply(overrides);
    this.selfDoubt = this.store.loadSelfDoubt();
    const { records, unreadable } = this.store.loadComponents();
    for (const component of unreadable) this.unreadable.set(component.id, component);
    for (const record of records) {
      const reported = this.store.heartbeats.find(record.registration.id)?.load ?? NO_LOAD.reported;
      this.heldBytes += heldBytes(record.registration);
      const loaded = { ...clampToNow(record, now), load: { ...NO_LOAD, reported } };
      this.addMember(newMember(loaded, now, now));
    }
    for (const lease of this.store.leases.loadActive()) putLease(this.leaseIndex, lease);
    for (const componentId of this.leaseIndex.slotsByComponent.keys()) this.recountLeased(componentId);
    this.resumeHeartbeats(now);
    for (const member of this.members.values()) {
      // A member that was not healthy is checked at once, the others in their next round.
      if (member.record.health.status === 'healthy') member.nextCheckAt = this.nextRound(member, now);
    }
    this.samples.resume(now);
  }

  /** Stores a change atomically, then applies it in memory. */
  commit(change: Change, now: number): void {
    const revision = change.visible ? this.revision + 1 : this.revision;
    const records = (change.records ?? []).map((record) =>
      change.visible ? { ...record, revision, updatedAt: now } : record,
    );
    const outbox = withFailureEvents(change.outbox ?? [], records, this);
    const { granted = [], ended = [] } = change.leases ?? {};
    const endedByRemoval = (change.removed ?? []).flatMap((id) =>
      leasesOf(this.leaseIndex, id).map((lease) => endedAs(lease, 'removed', 0, now)),
    );
    const endedLeases = [...ended, ...endedByRemoval];
    const write = (): void => {
      for (const record of records) this.saveComponent(record, now);
      for (const id of change.removed ?? []) {
        this.store.deleteComponent(id);
        if (this.configs.has(id)) this.store.componentConfigs.markRemoved(id, now);
      }
      for (const overrides of change.componentConfigs ?? [])
        this.store.componentConfigs.save(overrides, this.members.has(overrides.id) ? null : now);
      if (change.controlSecret) this.store.controlSecrets.save(change.controlSecret.id, change.controlSecret.secret);
      if (change.requestedAction) this.store.requestedActions.save(change.requestedAction);
      for (const draft of outbox) this.store.addToOutbox(draft);
      for (const sum of change.failureSums ?? []) this.store.failureSums.save(sum);
      for (const id of change.closedSums ?? []) this.store.failureSums.remove(id);
      for (const drill of change.drills ?? []) this.store.drills.save(drill);
      for (const lease of granted) this.store.leases.save(lease);
      for (const lease of endedLeases) this.store.leases.end(lease);
      if (change.config) this.store.saveConfig(change.config);
      if (change.capacities) this.store.shares.save(change.capacities.before, change.capacities.after);
      if (change.selfDoubt) this.store.writeScalar('doubt', JSON.stringify(change.selfDoubt));
      if (change.visible) this.store.writeScalar('revision', String(revision));
    };
    if (isSingleLease(change)) write();
    else this.storage.transactionSync(write);
    if (change.config) this.applyConfig(change.config);
    for (const overrides of change.componentConfigs ?? []) this.configs.apply(overrides);
    if (change.config || change.componentConfigs) this.index.allChanged();
    if (change.selfDoubt) this.selfDoubt = change.selfDoubt;
    this.revision = revision;
    for (const record of records) this.applyRecord(record, now);
    for (const { registration } of records) this.unreadable.delete(registration.id);
    for (const id of change.removed ?? []) this.removeMember(id);
    for (const lease of granted) putLease(this.leaseIndex, lease);
    for (const { id } of endedLeases) removeLease(this.leaseIndex, id);
    for (const { componentId } of [...granted, ...endedLeases]) this.recountLeased(componentId);
    if (!change.visible) return;
    this.samples.applyChange(records, change.removed ?? [], now);
    this.watchers.release();
    this.onChange(now);
  }

  /** Returns the member with this id, unless it has another owner. A null `owner` matches every member. */
  find(id: string, owner: OwnerFilter = null): Result<Member, NotAccessible> {
    const member = this.members.get(id);
    // The message reaches the caller, so both failures use the same words.
    const message = `${id} is not registered`;
    const unreadable = this.unreadable.get(id);
    if (unreadable && (owner === null || unreadable.owner === owner)) return fail('component-unreadable', UNREADABLE);
    if (!member) return fail('unknown-component', message);
    return owner === null || member.record.owner === owner ? ok(member) : fail('not-yours', message);
  }

  /**
   * Applies a newer configuration of the type, and brings forward checks that are now due earlier. Returns false if the
   * revision is not newer.
   */
  configure({ revision, overrides }: TypeOverrides, now: number): boolean {
    if (revision <= this.configRevision) return false;
    const visible = !isSameJson(configOf(overrides), this.config);
    this.commit({ config: { revision, overrides }, visible }, now);
    for (const member of this.members.values()) this.bringForward(member, now);
    return true;
  }

  /** Applies newer overrides of single components. Returns false if no override is newer than the one in force. */
  configureComponents(overrides: readonly ComponentOverrides[], now: number): boolean {
    const newer = overrides.filter(({ id, revision }) => revision > this.configs.revisionOf(id));
    if (newer.length === 0) return false;
    const members = newer.flatMap(({ id }) => this.members.get(id) ?? []);
    const changes = (item: ComponentOverrides): boolean =>
      !isSameJson(this.configs.resolve(item), this.configFor(item.id));
    const visible = newer.some((item) => this.members.has(item.id) && changes(item));
    this.commit({ componentConfigs: newer, visible }, now);
    for (const member of members) this.bringForward(member, now);
    return true;
  }

  /** Drops the overrides of removed components that did not return in time. */
  trimConfigs(now: number): void {
    for (const id of this.store.componentConfigs.trim(now)) this.configs.forget(id);
  }

  get counts(): MemberCounts {
    return this.index.counts;
  }

  /** Up to `MAX_DUE_PER_PASS` members with a deadline by `now`, the longest overdue first. */
  due(now: number): readonly Member[] {
    return this.index.due(now, MAX_DUE_PER_PASS);
  }

  /** Configuration of the type, in force for components without overrides. */
  get config(): SystemConfig {
    return this.configs.typeConfig;
  }

  /** Configuration in force for one component. */
  configFor(id: string): SystemConfig {
    return this.configs.configFor(id);
  }

  setType(type: string): void {
    if (this.type !== '') return;
    this.store.writeScalar('type', type);
    this.type = type;
  }

  /**
   * Repairs times after the clock went back. Checks scheduled more than one interval ahead become due now, and no time
   * in a record stays in the future.
   */
  clampSchedule(now: number): void {
    for (const member of this.members.values()) {
      member.record = clampToNow(member.record, now);
      if (member.nextCheckAt > now + this.intervalMs(member.record)) member.nextCheckAt = now;
      if (member.postponedUntil > now + MAX_DELAY_MS) member.postponedUntil = now;
    }
  }

  roundPlace(member: Member): RoundPlace {
    return { phaseMs: hashOf(this.type), idHash: member.idHash, checkedInType: this.counts.checked };
  }

  /** Check interval of the slowest member, ms; 0 without checks. */
  get longestIntervalMs(): number {
    const { longestIntervalMs, counts } = this.index;
    return longestIntervalMs === 0 ? 0 : Math.max(longestIntervalMs, budgetedIntervalMs(this.config, counts.checked));
  }

  intervalMs(record: ComponentRecord): number {
    const config = this.configFor(record.registration.id);
    return detectionFor(record.registration, config, this.counts.checked).intervalMs ?? NO_CHECK_INTERVAL_MS;
  }

  nextRound(member: Member, now: number): number {
    return nextRoundAt(now, this.intervalMs(member.record), this.roundPlace(member));
  }

  /** Settings and time for an estimate of work in flight. */
  estimateContext(now: number): EstimateContext {
    return { assumedTaskMs: this.balancing.assumedTaskMs, now };
  }

  draftContext(record: ComponentRecord, now: number): DraftContext {
    return {
      now,
      newId: () => crypto.randomUUID(),
      // An event with the resource is part of a visible change, so it shows the revision that the commit will assign.
      resource: () => {
        const changed = { ...record, revision: this.revision + 1, updatedAt: now };
        return resourceView(this, now, changed)(changed);
      },
    };
  }

  /**
   * Restores the stored heartbeat deadlines. If one is overdue by more than `MIN_DOWNTIME_MS`, the registry was down
   * and could receive no heartbeat: then every component keeps a full TTL.
   */
  private resumeHeartbeats(now: number): void {
    const { heartbeats } = this.store;
    heartbeats.retain(this.members);
    const waiting = Array.from(this.members.values()).filter(
      ({ record }) => record.registration.heartbeat && record.health.heartbeatStatus !== 'unhealthy',
    );
    const stored = waiting.flatMap((member) => {
      const dueAt = heartbeats.find(member.record.registration.id)?.dueAt;
      return dueAt === undefined ? [] : [{ member, dueAt }];
    });
    if (stored.some(({ dueAt }) => now - dueAt > MIN_DOWNTIME_MS)) return;
    for (const { member, dueAt } of stored) member.heartbeatDueAt = dueAt;
  }

  /** Stores a record together with its transitions since the record in memory. */
  private saveComponent(record: ComponentRecord, now: number): void {
    const { id } = record.registration;
    if (this.configs.has(id) && !this.members.has(id)) this.store.componentConfigs.markRemoved(id, null);
    this.store.saveComponent(record);
    const before = this.members.get(id)?.record;
    const transitions = before ? transitionsBetween(before, record, now) : [];
    for (const transition of transitions) this.store.samples.addTransition(id, transition);
  }

  private bringForward(member: Member, now: number): void {
    member.nextCheckAt = Math.min(member.nextCheckAt, this.nextRound(member, now));
  }

  private recountLeased(componentId: string): void {
    const member = this.members.get(componentId);
    const leased = slotsInUse(this.leaseIndex, componentId);
    if (!member || member.record.load.leased === leased) return;
    member.record = { ...member.record, load: { ...member.record.load, leased } };
    this.changedLoads.add(componentId);
  }

  private applyConfig({ revision, overrides }: TypeOverrides): void {
    this.configs.applyType(overrides);
    this.balancing = balancingOf(this.config, this.balancing);
    this.configRevision = revision;
  }

  private removeMember(id: string): void {
    const member = this.members.get(id);
    if (member) this.heldBytes -= heldBytes(member.record.registration);
    for (const resolve of member?.waiters.splice(0) ?? []) resolve(INCONCLUSIVE);
    if (member) this.index.delete(member);
    this.membersById.delete(id);
    this.unreadable.delete(id);
  }

  private addMember(member: Member): void {
    this.membersById.set(member.record.registration.id, member);
    this.index.add(member);
  }

  private applyRecord(record: ComponentRecord, now: number): void {
    const member = this.members.get(record.registration.id);
    this.heldBytes += growthBy(record.registration, member?.record.registration);
    if (member) member.record = record;
    else this.addMember(newMember(record, now, now));
  }
}

/** SQLite stores a single row atomically. The two statements of a transaction would cost as much as the row. */
function isSingleLease({ leases, visible, ...rest }: Change): boolean {
  return (
    !visible && (leases?.granted?.length ?? 0) + (leases?.ended?.length ?? 0) === 1 && Object.keys(rest).length === 0
  );
}
