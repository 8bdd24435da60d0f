/**
 * The availability history of a type and its components. Counts checks and time, stores them once a minute in one
 * transaction, rolls up hours, and deletes old data.
 *
 * A kill loses the running minute. A transition is stored with its change, so a kill loses no transition.
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
  countCheck,
  openSample,
  rollUpSamples,
} from '../../core/health/samples/sample.ts';
import type { MemberSignal } from './member-signal.ts';
import type { Member } from './member.ts';
import type { SampleStore } from '../storage/sample-store.ts';
import type { Span, Transition } from '../../core/health/samples/stored-sample.ts';

/** The members, and counts of them all. */
interface SampledMembers {
  readonly members: ReadonlyMap<string, Member>;
  readonly counts: { readonly total: number; readonly routable: number; readonly unknown: number };
}

/** Row id of the type as a whole; no component has this id. */
const TYPE_ID = '*';
const MINUTES_RETENTION_MS = DAY_MS + HOUR_MS;
/** Retention of the history, ms. */
export const RETENTION_MS = MONTH_MS + DAY_MS;

export class SampleRecorder {
  /** Availability of the type as a whole, as of the last full minute. */
  typeAvailability: Availability = UNKNOWN_AVAILABILITY;
  private readonly sampled: SampledMembers;
  private readonly store: SampleStore;
  private readonly storage: DurableObjectStorage;
  private readonly openSamples = new Map<string, OpenSample>();
  /** Finished minutes that are not stored yet: packed samples by component id. */
  private readonly closedMinutes = new Map<number, Record<string, string>>();
  private minute = 0;
  private trimmedAt = 0;

  constructor(sampled: SampledMembers, store: SampleStore, storage: DurableObjectStorage) {
    this.sampled = sampled;
    this.store = store;
    this.storage = storage;
  }

  /** Continues after an eviction. Time since the last stored minute still counts, unless it exceeds `MAX_GAP_MS`. */
  resume(now: number): void {
    const last = this.store.lastMinute() ?? this.lastRolledUpMinute(now);
    const until = last === null ? now : last + MINUTE_MS;
    const from = now >= until && now - until <= MAX_GAP_MS ? until : now;
    for (const [id, { record }] of this.sampled.members) {
      const since = Math.max(from, record.health.since, record.lifecycle.since ?? 0);
      this.openSamples.set(id, openSample(sampleStatusOf(record), Math.min(since, now)));
    }
    this.openSamples.set(TYPE_ID, openSample(this.typeStatus(), from));
    this.minute = startOf(now, MINUTE_MS);
    this.typeAvailability = this.availability(TYPE_ID, 0, now);
  }

  /** Last minute of a rolled-up hour. Just after an hour ends, every minute is rolled up and no minute row exists. */
  private lastRolledUpMinute(now: number): number | null {
    for (const { at, minutes } of this.store.hours(TYPE_ID, { from: now - HOUR_MS - MAX_GAP_MS, to: now })) {
      if (minutes !== null) return Math.max(...splitMinutes(at, minutes).keys());
    }
    return null;
  }

  /** Counts finished checks. */
  countChecks(signals: readonly MemberSignal[], now: number): void {
    for (const { member, signal } of signals) {
      if (signal.kind !== 'check-passed' && signal.kind !== 'check-failed') continue;
      const id = member.record.registration.id;
      this.advance(id, sampleStatusOf(member.record), now);
      const open = this.openSamples.get(id)!;
      this.openSamples.set(id, countCheck(open, signal.kind === 'check-passed' ? signal.responseTimeMs : null));
    }
  }

  /** Accounts for the time until `now`. From then on, time counts under the new statuses. */
  applyChange(changed: readonly ComponentRecord[], removed: readonly string[], now: number): void {
    for (const record of changed) this.advance(record.registration.id, sampleStatusOf(record), now);
    for (const id of removed) this.openSamples.delete(id);
    this.advance(TYPE_ID, this.typeStatus(), now);
  }

  /** Stores finished minutes and rolls up finished hours. Does nothing within the running minute. */
  flush(now: number): void {
    const minute = startOf(now, MINUTE_MS);
    if (minute === this.minute) return;
    for (const [id, { record }] of this.sampled.members) this.advance(id, sampleStatusOf(record), now);
    this.advance(TYPE_ID, this.typeStatus(), now);
    this.storage.transactionSync(() => {
      for (const [at, samples] of this.closedMinutes) this.store.saveMinute(at, samples);
      for (const hour of this.store.hoursToRollUp(startOf(now, HOUR_MS))) this.rollUp(hour);
    });
    this.closedMinutes.clear();
    this.minute = minute;
    this.typeAvailability = this.availability(TYPE_ID, 0, now);
  }

  /** Deletes data beyond the retention, at most once an hour. */
  trim(now: number): void {
    const hour = startOf(now, HOUR_MS);
    if (hour === this.trimmedAt) return;
    this.trimmedAt = hour;
    this.storage.transactionSync(() => this.store.trim(hour - MINUTES_RETENTION_MS, hour - RETENTION_MS));
  }

  /** Availability of a component since `since` (epoch ms), at most a month back. */
  availability(id: string, since: number, now: number): Availability {
    const from = Math.max(startOf(since, MINUTE_MS), now - MONTH_MS);
    return availabilityOf(this.buckets(id, { from, to: now + 1 }, now), now);
  }

  /** Samples of a component within a span, newest first: minutes of the last day, hours before it. */
  *samples(id: string, span: Span): Generator<TimedSample & { readonly durationMs: number }> {
    const running = this.minutesNotRolledUp(id, span);
    yield* ofMinutes(running, span);
    for (const { minutes, ...hour } of this.store.hours(id, span)) {
      if (minutes !== null) yield* ofMinutes(unpackAll(splitMinutes(hour.at, minutes)), span);
      else if (hour.at >= span.from && hour.at < span.to) yield { ...hour, durationMs: HOUR_MS };
    }
  }

  private *buckets(id: string, span: Span, now: number): Generator<UptimeBucket> {
    for (const sample of this.minutesNotRolledUp(id, span)) yield { ...sample, durationMs: MINUTE_MS };
    const open = this.openSamples.get(id);
    if (open) yield { at: open.minute, durationMs: MINUTE_MS, ...advance(open, open.status, now).next.sample };
    for (const { minutes, ...hour } of this.store.hours(id, span)) {
      // The last hour counts by the minute, and so does the hour in which the span begins.
      const isExact = hour.at + HOUR_MS > now - HOUR_MS || hour.at < span.from;
      if (minutes !== null && isExact) yield* ofMinutes(unpackAll(splitMinutes(hour.at, minutes)), span);
      else if (hour.at >= span.from) yield { ...hour, durationMs: HOUR_MS };
    }
  }

  private minutesNotRolledUp(id: string, span: Span): TimedSample[] {
    const packed = new Map(this.store.runningMinutes(id, span));
    for (const [at, samples] of this.closedMinutes) {
      const own = samples[id];
      if (own !== undefined && at >= span.from && at < span.to) packed.set(at, own);
    }
    return unpackAll(packed).toSorted((a, b) => a.at - b.at);
  }

  private advance(id: string, status: SampleStatus, now: number): void {
    const { next, closed } = advance(this.openSamples.get(id) ?? openSample(status, now), status, now);
    this.openSamples.set(id, next);
    for (const { at, ...sample } of closed) {
      if (isEmpty(sample)) continue;
      const samples = this.closedMinutes.get(at) ?? {};
      samples[id] = packSample(sample);
      this.closedMinutes.set(at, samples);
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
    // The row exists already if the clock went back into an hour that had ended.
    const isRepeated = this.store.hasHour(hour);
    for (const [id, minutes] of byComponent) {
      const [before] = isRepeated ? this.store.hours(id, { from: hour, to: hour + 1 }) : [];
      const all = new Map([...(before?.minutes ? splitMinutes(hour, before.minutes) : []), ...minutes]);
      const sample = rollUpSamples(unpackAll(all));
      if (sample) this.store.saveHour(id, { ...sample, at: hour, minutes: packMinutes(hour, all) });
    }
    this.store.dropMinutesOfHour(hour);
  }

  /** Healthy while any member is routable, unhealthy while none is, unknown while no member's status is known. */
  private typeStatus(): SampleStatus {
    const { total, routable, unknown } = this.sampled.counts;
    if (routable > 0) return { status: 'healthy', counts: true };
    return { status: unknown < total ? 'unhealthy' : 'unknown', counts: true };
  }
}

/** Time in maintenance or in a drill does not count towards availability. */
const sampleStatusOf = ({ health, lifecycle, recovery }: ComponentRecord): SampleStatus => ({
  status: health.status,
  counts: lifecycle.state !== 'maintenance' && !recovery.drill,
});

function* ofMinutes(samples: readonly TimedSample[], { from, to }: Span) {
  for (const sample of samples.toReversed())
    if (sample.at >= from && sample.at < to) yield { ...sample, durationMs: MINUTE_MS };
}

const MAX_REASON_LENGTH = 256;

/** Transitions of status and lifecycle between two records of one component. */
export function transitionsBetween(before: ComponentRecord, after: ComponentRecord, now: number): Transition[] {
  const transitions: Transition[] = [];
  if (before.health.status !== after.health.status) {
    const reason = after.health.reason?.slice(0, MAX_REASON_LENGTH) ?? null;
    transitions.push({ at: now, kind: 'health', from: before.health.status, to: after.health.status, reason });
  }
  if (before.lifecycle.state !== after.lifecycle.state) {
    const reason = after.lifecycle.reason ?? null;
    transitions.push({ at: now, kind: 'lifecycle', from: before.lifecycle.state, to: after.lifecycle.state, reason });
  }
  return transitions;
}
