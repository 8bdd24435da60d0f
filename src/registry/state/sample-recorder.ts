/**
 * The registry's memory of how its components were: counts checks and time, writes them down once a minute in
 * one transaction, rolls hours up and lets go of what is old.
 *
 * A kill loses the minute that runs. Transitions are stored with the change they are of, so none is lost.
 */
import type { ComponentRecord } from '../../core/component/component-record.ts';
import type { Availability, UptimeBucket } from '../../core/health/samples/availability.ts';
import {
  DAY_MS,
  HOUR_MS,
  MINUTE_MS,
  MONTH_MS,
  UNKNOWN_AVAILABILITY,
  availabilityOf,
  startOf,
} from '../../core/health/samples/availability.ts';
import { packMinutes, packSample, splitMinutes, unpackAll } from '../../core/health/samples/pack-sample.ts';
import type { OpenSample, SampleStatus, TimedSample } from '../../core/health/samples/sample.ts';
import {
  MAX_GAP_MS,
  advance,
  isEmpty,
  noteCheck,
  openSample,
  rollUpSamples,
} from '../../core/health/samples/sample.ts';
import { isRoutable } from './component-views.ts';
import type { MemberSignal } from './member-signal.ts';
import type { Member } from './member.ts';
import type { SampleStore } from '../storage/sample-store.ts';
import type { Span, Transition } from '../../core/health/samples/stored-sample.ts';

type Members = ReadonlyMap<string, Member>;

/** Stands for the type as a whole; no component has such an id. */
const TYPE = '*';
const KEPT_MINUTES_MS = DAY_MS + HOUR_MS;
/** How far back anything is kept. */
export const KEPT_MS = MONTH_MS + DAY_MS;

export class SampleRecorder {
  /** Of the type as a whole, as of the last full minute. */
  typeAvailability: Availability = UNKNOWN_AVAILABILITY;
  private readonly members: Members;
  private readonly store: SampleStore;
  private readonly storage: DurableObjectStorage;
  private readonly open = new Map<string, OpenSample>();
  /** Minutes that are over and not written down yet: packed samples by component. */
  private readonly closed = new Map<number, Record<string, string>>();
  private minute = 0;
  private trimmedAt = 0;

  constructor(members: Members, store: SampleStore, storage: DurableObjectStorage) {
    this.members = members;
    this.store = store;
    this.storage = storage;
  }

  /** Goes on where it was before an eviction: what has stood since the last stored minute still counts. */
  resume(now: number): void {
    const last = this.store.lastMinute() ?? this.lastRolledUp(now);
    const until = last === null ? now : last + MINUTE_MS;
    const from = now >= until && now - until <= MAX_GAP_MS ? until : now;
    for (const [id, { record }] of this.members) {
      const since = Math.max(from, record.health.since, record.lifecycle.since ?? 0);
      this.open.set(id, openSample(standingOf(record), Math.min(since, now)));
    }
    this.open.set(TYPE, openSample(this.typeStanding(), from));
    this.minute = startOf(now, MINUTE_MS);
    this.typeAvailability = this.availability(TYPE, 0, now);
  }

  /** Just after the turn of an hour there are no minutes: all are rolled up. */
  private lastRolledUp(now: number): number | null {
    for (const { at, minutes } of this.store.hours(TYPE, { from: now - HOUR_MS - MAX_GAP_MS, to: now })) {
      if (minutes !== null) return Math.max(...splitMinutes(at, minutes).keys());
    }
    return null;
  }

  /** Counts the checks that ended. */
  note(signals: readonly MemberSignal[], now: number): void {
    for (const { member, signal } of signals) {
      if (signal.kind !== 'check-passed' && signal.kind !== 'check-failed') continue;
      const id = member.record.registration.id;
      this.advance(id, standingOf(member.record), now);
      const open = this.open.get(id)!;
      this.open.set(id, noteCheck(open, signal.kind === 'check-passed' ? signal.responseTimeMs : null));
    }
  }

  /** Takes over what changed: from now on time passes under other standings. */
  follow(changed: readonly ComponentRecord[], removed: readonly string[], now: number): void {
    for (const record of changed) this.advance(record.registration.id, standingOf(record), now);
    for (const id of removed) this.open.delete(id);
    this.advance(TYPE, this.typeStanding(), now);
  }

  /** Writes down the minutes that are over, and rolls up the hours. Within the running minute it does nothing. */
  flush(now: number): void {
    const minute = startOf(now, MINUTE_MS);
    if (minute === this.minute) return;
    for (const [id, { record }] of this.members) this.advance(id, standingOf(record), now);
    this.advance(TYPE, this.typeStanding(), now);
    this.storage.transactionSync(() => {
      for (const [at, samples] of this.closed) this.store.saveMinute(at, samples);
      for (const hour of this.store.hoursToRollUp(startOf(now, HOUR_MS))) this.rollUp(hour);
    });
    this.closed.clear();
    this.minute = minute;
    this.typeAvailability = this.availability(TYPE, 0, now);
  }

  /** Lets go of what is old, once an hour. */
  trim(now: number): void {
    const hour = startOf(now, HOUR_MS);
    if (hour === this.trimmedAt) return;
    this.trimmedAt = hour;
    this.storage.transactionSync(() => this.store.trim(hour - KEPT_MINUTES_MS, hour - KEPT_MS));
  }

  /** Of a component since `since`, epoch ms. */
  availability(id: string, since: number, now: number): Availability {
    const from = Math.max(startOf(since, MINUTE_MS), now - MONTH_MS);
    return availabilityOf(this.buckets(id, { from, to: now + 1 }, now), now);
  }

  /** The samples of a component within a span, newest first: minutes of the last day, hours before. */
  *samples(id: string, span: Span): Generator<TimedSample & { readonly forMs: number }> {
    const running = this.minutesNotRolledUp(id, span);
    yield* ofMinutes(running, span);
    for (const { minutes, ...hour } of this.store.hours(id, span)) {
      if (minutes !== null) yield* ofMinutes(unpackAll(splitMinutes(hour.at, minutes)), span);
      else if (hour.at >= span.from && hour.at < span.to) yield { ...hour, forMs: HOUR_MS };
    }
  }

  private *buckets(id: string, span: Span, now: number): Generator<UptimeBucket> {
    for (const sample of this.minutesNotRolledUp(id, span)) yield { ...sample, forMs: MINUTE_MS };
    const open = this.open.get(id);
    if (open) yield { at: open.minute, forMs: MINUTE_MS, ...advance(open, open.standing, now).next.sample };
    for (const { minutes, ...hour } of this.store.hours(id, span)) {
      // The last hour is told to the minute, and so is that of a beginning.
      const isExact = hour.at + HOUR_MS > now - HOUR_MS || hour.at < span.from;
      if (minutes !== null && isExact) yield* ofMinutes(unpackAll(splitMinutes(hour.at, minutes)), span);
      else if (hour.at >= span.from) yield { ...hour, forMs: HOUR_MS };
    }
  }

  private minutesNotRolledUp(id: string, span: Span): TimedSample[] {
    const packed = new Map(this.store.runningMinutes(id, span));
    for (const [at, samples] of this.closed) {
      const own = samples[id];
      if (own !== undefined && at >= span.from && at < span.to) packed.set(at, own);
    }
    return unpackAll(packed).toSorted((a, b) => a.at - b.at);
  }

  private advance(id: string, standing: SampleStatus, now: number): void {
    const { next, closed } = advance(this.open.get(id) ?? openSample(standing, now), standing, now);
    this.open.set(id, next);
    for (const { at, ...sample } of closed) {
      if (isEmpty(sample)) continue;
      const samples = this.closed.get(at) ?? {};
      samples[id] = packSample(sample);
      this.closed.set(at, samples);
    }
  }

  private rollUp(hour: number): void {
    const byComponent = new Map<string, (readonly [number, string])[]>();
    for (const [at, samples] of this.store.minutesOfHour(hour)) {
      for (const [id, packed] of Object.entries(samples)) {
        const minutes = byComponent.get(id) ?? [];
        minutes.push([at, packed]);
        byComponent.set(id, minutes);
      }
    }
    // There is one already when the clock came back to an hour that had been over.
    const isAgain = this.store.hasHour(hour);
    for (const [id, minutes] of byComponent) {
      const [before] = isAgain ? this.store.hours(id, { from: hour, to: hour + 1 }) : [];
      const all = new Map([...(before?.minutes ? splitMinutes(hour, before.minutes) : []), ...minutes]);
      const sample = rollUpSamples(unpackAll(all));
      if (sample) this.store.saveHour(id, { ...sample, at: hour, minutes: packMinutes(hour, all) });
    }
    this.store.dropMinutesOfHour(hour);
  }

  /** Up while somebody may be given work, down while nobody may; nothing to observe while nobody is known. */
  private typeStanding(): SampleStatus {
    let isKnown = false;
    for (const { record } of this.members.values()) {
      if (isRoutable(record)) return { status: 'healthy', counts: true };
      isKnown ||= record.health.status !== 'unknown';
    }
    return { status: isKnown ? 'unhealthy' : 'unknown', counts: true };
  }
}

/** What a drill makes of it counts as little as maintenance does. */
const standingOf = ({ health, lifecycle, recovery }: ComponentRecord): SampleStatus => ({
  status: health.status,
  counts: lifecycle.state !== 'maintenance' && !recovery.drill,
});

function* ofMinutes(samples: readonly TimedSample[], { from, to }: Span) {
  for (const sample of samples.toReversed())
    if (sample.at >= from && sample.at < to) yield { ...sample, forMs: MINUTE_MS };
}

const MAX_REASON = 256;

/** What became of a component's status and lifecycle between two of its records. */
export function transitionsBetween(before: ComponentRecord, after: ComponentRecord, now: number): Transition[] {
  const found: Transition[] = [];
  if (before.health.status !== after.health.status) {
    const reason = after.health.reason?.slice(0, MAX_REASON) ?? null;
    found.push({ at: now, kind: 'health', from: before.health.status, to: after.health.status, reason });
  }
  if (before.lifecycle.state !== after.lifecycle.state) {
    const reason = after.lifecycle.reason ?? null;
    found.push({ at: now, kind: 'lifecycle', from: before.lifecycle.state, to: after.lifecycle.state, reason });
  }
  return found;
}
