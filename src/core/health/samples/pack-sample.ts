/** Packs minute samples into compact text for storage, and unpacks them. Unreadable samples are skipped. */
import type { HealthStatus } from '../health-status.ts';
import type { Sample, TimedSample } from './sample.ts';
import { MINUTE_MS } from './availability.ts';

const LETTERS: Readonly<Record<HealthStatus, string>> = { healthy: 'h', degraded: 'd', unhealthy: 'u', unknown: 'n' };
const STATUSES = new Map(Object.entries(LETTERS).map(([status, letter]) => [letter, status as HealthStatus]));
const PATTERN = /^([hdun]),(\d+),(\d+),(\d*),(\d*),(\d*)(?:,(\d+),(\d+))?$/;

export function packSample({ status, checks, failed, minMs, meanMs, maxMs, ...uptime }: Sample): string {
  const times = [minMs, meanMs, maxMs].map(rounded);
  const [upMs, observedMs] = [Math.round(uptime.upMs), Math.round(uptime.observedMs)];
  const isFull = upMs === MINUTE_MS && observedMs === MINUTE_MS;
  return [LETTERS[status], checks, failed, ...times, ...(isFull ? [] : [upMs, observedMs])].join();
}

const rounded = (ms: number | null): number | '' => (ms === null ? '' : Math.round(ms));

export function unpackSample(packed: string): Sample | undefined {
  const match = PATTERN.exec(packed);
  if (!match) return undefined;
  const [, letter, checks, failed, min, mean, max, up, observed] = match;
  return {
    status: STATUSES.get(letter!)!,
    checks: Number(checks),
    failed: Number(failed),
    minMs: msOf(min!),
    meanMs: msOf(mean!),
    maxMs: msOf(max!),
    upMs: Number(up ?? MINUTE_MS),
    observedMs: Number(observed ?? MINUTE_MS),
  };
}

const msOf = (text: string): number | null => (text === '' ? null : Number(text));

/** The minutes of an hour as one text: `minute:sample` pairs, separated by semicolons. */
export const packMinutes = (hour: number, minutes: Iterable<readonly [at: number, packed: string]>): string =>
  Array.from(minutes, ([at, packed]) => `${(at - hour) / MINUTE_MS}:${packed}`).join(';');

/** The packed samples of an hour by the start of their minute, epoch ms. */
export function splitMinutes(hour: number, packed: string): Map<number, string> {
  const pairs = packed.split(';').map((each) => each.split(':', 2) as [string, string]);
  return new Map(pairs.map(([minute, sample]) => [hour + Number(minute) * MINUTE_MS, sample]));
}

/** The readable samples, in the order of `packed`. */
export const unpackAll = (packed: Iterable<readonly [at: number, packed: string]>): TimedSample[] =>
  Array.from(packed).flatMap(([at, text]) => {
    const sample = unpackSample(text);
    return sample ? [{ at, ...sample }] : [];
  });
