/**
 * A registry's members in memory, written through to its store.
 *
 * Owns the type's revision (it moves with membership, health, lifecycle and settings, not with load) and the
 * rule that memory changes only after the transaction that stores the change.
 */
import type { OwnerFilter } from '../../core/access/permission.ts';
import type { Capacities } from '../../core/balancing/shares.ts';
import type { BalancingSettings } from '../../core/balancing/balancing-settings.ts';
import { DEFAULT_BALANCING } from '../../core/balancing/balancing-settings.ts';
import type { ComponentRecord } from '../../core/component/component-record.ts';
import type { StoredControlSecret } from '../../core/component/control-secret.ts';
import { clampToNow } from '../../core/component/not-after.ts';
import { NO_LOAD } from '../../core/component/load.ts';
import type { ComponentOverrides } from '../../core/config/component-config.ts';
import type { TypeOverrides } from '../../core/config/effective-config.ts';
import type { SystemConfig } from '../../core/config/system-config.ts';
import { balancingOf, configOf } from '../../core/config/system-config.ts';
import type { Drill } from '../../core/drill/drill.ts';
import { MAX_POSTPONED_MS } from '../../core/health/host-budget.ts';
import type { SelfDoubt } from '../../core/health/self-doubt.ts';
import { NO_SELF_DOUBT } from '../../core/health/self-doubt.ts';
import type { RoundPlace } from '../../core/health/schedule.ts';
import { detectionFor, nextRoundAt } from '../../core/health/schedule.ts';
import type { EndedLease, Lease } from '../../core/lease/lease.ts';
import { endedAs } from '../../core/lease/lease.ts';
import { dropLease, emptyLeaseIndex, leasesOf, noteLease, slotsTaken } from '../../core/lease/lease-index.ts';
import type { Result } from '../../core/result.ts';
import { fail, ok } from '../../core/result.ts';
import { HeldCalls } from '../../long-poll/held-calls.ts';
import type { OperatorAction } from '../storage/operator-action-store.ts';
import { countChecked, resourceView } from './component-views.ts';
import type { DraftContext } from './component-events.ts';
import type { Member } from './member.ts';
import { ComponentConfigs } from './component-configs.ts';
import { hashOf } from '../../core/hash.ts';
import { INCONCLUSIVE, newMember } from './member.ts';
import type { NotAccessible } from '../contract/registry-api.ts';
import type { OutboxDraft, RegistryStore, StoredHeartbeat } from '../storage/registry-store.ts';
import { SampleRecorder, transitionsBetween } from './sample-recorder.ts';
import { DOWNTIME_MS, Downtime } from './downtime.ts';

export interface Change {
  readonly records?: readonly ComponentRecord[];
  readonly removed?: readonly string[];
  readonly controlSecret?: { readonly id: string; readonly secret: StoredControlSecret };
  readonly askedAction?: OperatorAction;
  readonly outbox?: readonly OutboxDraft[];
  readonly leases?: LeaseChange;
  readonly drills?: readonly Drill[];
  readonly config?: TypeOverrides;
  readonly componentConfigs?: readonly ComponentOverrides[];
  readonly doubt?: SelfDoubt;
  /** What the log is told of, and what it was told last. */
  readonly rooms?: { readonly before: Capacities; readonly after: Capacities };
  /** True when routing or readers can see a difference: moves the revision. */
  readonly visible: boolean;
}

export interface LeaseChange {
  /** Granted, or renewed. */
  readonly held?: readonly Lease[];
  readonly ended?: readonly EndedLease[];
}

/** Interval assumed for members that have no health check of their own. */
const NO_CHECK_INTERVAL_MS = 10_000;

export class RegistryState {
  readonly members = new Map<string, Member>();
  readonly store: RegistryStore;
  readonly configs = new ComponentConfigs();
  /** How the type's work is shared out. */
  balancing: BalancingSettings = DEFAULT_BALANCING;
  /** Of the settings it goes by; 0 for the defaults. */
  configRevision = 0;
  /** Whether what its senses say is believed. */
  doubt: SelfDoubt = NO_SELF_DOUBT;
  readonly book = emptyLeaseIndex();
  /** Components whose slots were taken or freed, or that told their load, since somebody looked. */
  readonly moved = new Set<string>();
  readonly sleeps = new Downtime();
  /** Those who wait for the revision to move. */
  readonly watchers = new HeldCalls();
  /** How its components were. */
  readonly samples: SampleRecorder;
  type = '';
  revision = 0;
  /** Called after each change that others can see. */
  turned: (now: number) => void = () => undefined;
  private checkedCount = 0;
  private readonly storage: DurableObjectStorage;

  constructor(store: RegistryStore, storage: DurableObjectStorage) {
    this.store = store;
    this.storage = storage;
    this.samples = new SampleRecorder(this.members, store.samples, storage);
  }

  /** Reads everything back after an eviction or a kill; answers the ids of rows that no longer parse. */
  load(now: number): string[] {
    this.type = this.store.readScalar('type') ?? '';
    this.revision = Number(this.store.readScalar('revision') ?? 0);
    const config = this.store.loadConfig();
    if (config) this.goBy(config);
    for (const told of this.store.componentConfigs.load()) this.configs.goBy(told);
    this.doubt = this.store.loadDoubt();
    const { records, unreadable } = this.store.loadComponents();
    const heartbeats = this.store.loadHeartbeats();
    for (const record of records) {
      const reported = heartbeats.get(record.registration.id)?.load ?? NO_LOAD.reported;
      const loaded = { ...clampToNow(record, now), load: { ...NO_LOAD, reported } };
      this.members.set(record.registration.id, newMember(loaded, now, now));
    }
    for (const lease of this.store.leases.loadHeld()) noteLease(this.book, lease);
    for (const componentId of this.book.taken.keys()) this.recountLeased(componentId);
    this.resumeHeartbeats(heartbeats, now);
    this.checkedCount = countChecked(this.members);
    for (const member of this.members.values()) {
      // What was in question is checked at once, the rest with its next round.
      if (member.record.health.status === 'healthy') member.nextCheckAt = this.nextRound(member, now);
    }
    this.samples.resume(now);
    return unreadable;
  }

  /** Stores a change whole or not at all, then takes it over into memory. */
  commit(change: Change, now: number): void {
    const revision = change.visible ? this.revision + 1 : this.revision;
    const records = (change.records ?? []).map((record) =>
      change.visible ? { ...record, revision, updatedAt: now } : record,
    );
    const { held = [], ended = [] } = change.leases ?? {};
    const gone = (change.removed ?? []).flatMap((id) =>
      leasesOf(this.book, id).map((lease) => endedAs(lease, 'removed', 0, now)),
    );
    const over = [...ended, ...gone];
    const write = (): void => {
      for (const record of records) this.saveComponent(record, now);
      for (const id of change.removed ?? []) {
        this.store.deleteComponent(id);
        if (this.configs.has(id)) this.store.componentConfigs.noteGone(id, now);
      }
      for (const told of change.componentConfigs ?? [])
        this.store.componentConfigs.save(told, this.members.has(told.id) ? null : now);
      if (change.controlSecret) this.store.controlSecrets.save(change.controlSecret.id, change.controlSecret.secret);
      if (change.askedAction) this.store.askedActions.save(change.askedAction);
      for (const draft of change.outbox ?? []) this.store.addToOutbox(draft);
      for (const drill of change.drills ?? []) this.store.drills.save(drill);
      for (const lease of held) this.store.leases.save(lease);
      for (const lease of over) this.store.leases.end(lease);
      if (change.config) this.store.saveConfig(change.config);
      if (change.rooms) this.store.shares.save(change.rooms.before, change.rooms.after);
      if (change.doubt) this.store.writeScalar('doubt', JSON.stringify(change.doubt));
      if (change.visible) this.store.writeScalar('revision', String(revision));
    };
    if (isOneLease(change)) write();
    else this.storage.transactionSync(write);
    if (change.config) this.goBy(change.config);
    for (const told of change.componentConfigs ?? []) this.configs.goBy(told);
    if (change.doubt) this.doubt = change.doubt;
    this.revision = revision;
    for (const record of records) this.adopt(record, now);
    for (const id of change.removed ?? []) this.forget(id);
    for (const lease of held) noteLease(this.book, lease);
    for (const { id } of over) dropLease(this.book, id);
    for (const { componentId } of [...held, ...over]) this.recountLeased(componentId);
    if (!change.visible) return;
    this.checkedCount = countChecked(this.members);
    this.samples.follow(records, change.removed ?? [], now);
    this.watchers.release();
    this.turned(now);
  }

  /** The member of that id, unless it belongs to another owner than `only`. */
  find(id: string, only: OwnerFilter = null): Result<Member, NotAccessible> {
    const member = this.members.get(id);
    // The same words for both: the message reaches the caller.
    const message = `${id} is not registered`;
    if (!member) return fail('unknown-component', message);
    return only === null || member.record.owner === only ? ok(member) : fail('not-yours', message);
  }

  /** Takes over newer settings: checks that they bring forward are due then. True when it did. */
  configure({ revision, overrides }: TypeOverrides, now: number): boolean {
    if (revision <= this.configRevision) return false;
    const visible = JSON.stringify(configOf(overrides)) !== JSON.stringify(this.config);
    this.commit({ config: { revision, overrides }, visible }, now);
    for (const member of this.members.values()) this.bringForward(member, now);
    return true;
  }

  /** The same for what is set for single components; what is older than what they go by changes nothing. */
  configureComponents(told: readonly ComponentOverrides[], now: number): boolean {
    const newer = told.filter(({ id, revision }) => revision > this.configs.revisionOf(id));
    if (newer.length === 0) return false;
    const members = newer.flatMap(({ id }) => this.members.get(id) ?? []);
    const changes = (item: ComponentOverrides): boolean =>
      JSON.stringify(this.configs.resolve(item)) !== JSON.stringify(this.configFor(item.id));
    const visible = newer.some((item) => this.members.has(item.id) && changes(item));
    this.commit({ componentConfigs: newer, visible }, now);
    for (const member of members) this.bringForward(member, now);
    return true;
  }

  /** What is set for those that did not return is forgotten. */
  trimConfigs(now: number): void {
    for (const id of this.store.componentConfigs.trim(now)) this.configs.forget(id);
  }

  /** Of the type as a whole, and of components of which nothing is set. */
  get config(): SystemConfig {
    return this.configs.ofType;
  }

  /** What a component goes by. */
  configFor(id: string): SystemConfig {
    return this.configs.configFor(id);
  }

  nameType(type: string): void {
    if (this.type !== '') return;
    this.store.writeScalar('type', type);
    this.type = type;
  }

  /** After the clock went back, what is scheduled beyond one interval is due now, and nothing has been that is to come. */
  clampSchedule(now: number): void {
    for (const member of this.members.values()) {
      member.record = clampToNow(member.record, now);
      if (member.nextCheckAt > now + this.intervalMs(member.record)) member.nextCheckAt = now;
      if (member.putOffUntil > now + MAX_POSTPONED_MS) member.putOffUntil = now;
    }
  }

  place(member: Member): RoundPlace {
    return { phaseMs: hashOf(this.type), ordinal: member.ordinal, checkedInType: this.checkedCount };
  }

  intervalMs(record: ComponentRecord): number {
    const config = this.configFor(record.registration.id);
    return detectionFor(record.registration, config, this.checkedCount).intervalMs ?? NO_CHECK_INTERVAL_MS;
  }

  nextRound(member: Member, now: number): number {
    return nextRoundAt(now, this.intervalMs(member.record), this.place(member));
  }

  draftContext(record: ComponentRecord, now: number): DraftContext {
    return {
      now,
      newId: () => crypto.randomUUID(),
      // Whoever shows it in an event makes a visible change: the revision it will have once stored.
      resource: () => {
        const changed = { ...record, revision: this.revision + 1, updatedAt: now };
        return resourceView(this, now, changed)(changed);
      },
    };
  }

  /** Those still waited for are due when they were, unless overdue by much: then we were away and nobody could tell us. */
  private resumeHeartbeats(stored: ReadonlyMap<string, StoredHeartbeat>, now: number): void {
    const waiting = Array.from(this.members.values()).filter(
      ({ record }) => record.registration.heartbeat && record.health.heartbeatStatus !== 'unhealthy',
    );
    const dueAt = (member: Member): number => stored.get(member.record.registration.id)?.dueAt ?? now;
    if (waiting.some((member) => now - dueAt(member) > DOWNTIME_MS)) return;
    for (const member of waiting) if (stored.has(member.record.registration.id)) member.heartbeatDueAt = dueAt(member);
  }

  /** With what became of it since the record that is held. */
  private saveComponent(record: ComponentRecord, now: number): void {
    const { id } = record.registration;
    if (this.configs.has(id) && !this.members.has(id)) this.store.componentConfigs.noteGone(id, null);
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
    const leased = slotsTaken(this.book, componentId);
    if (!member || member.record.load.leased === leased) return;
    member.record = { ...member.record, load: { ...member.record.load, leased } };
    this.moved.add(componentId);
  }

  private goBy({ revision, overrides }: TypeOverrides): void {
    this.configs.goByType(overrides);
    this.balancing = balancingOf(this.config, this.balancing);
    this.configRevision = revision;
  }

  private forget(id: string): void {
    const member = this.members.get(id);
    for (const resolve of member?.waiting.splice(0) ?? []) resolve(INCONCLUSIVE);
    this.members.delete(id);
  }

  private adopt(record: ComponentRecord, now: number): void {
    const member = this.members.get(record.registration.id);
    if (member) member.record = record;
    else this.members.set(record.registration.id, newMember(record, now, now));
  }
}

/** A row is stored whole or not at all by itself; two statements more would cost as much as the row. */
function isOneLease({ leases, visible, ...rest }: Change): boolean {
  return !visible && (leases?.held?.length ?? 0) + (leases?.ended?.length ?? 0) === 1 && Object.keys(rest).length === 0;
}
