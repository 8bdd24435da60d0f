/** Time buckets for failure charts: aligned to UTC, bounded in number. */
import type { Result } from '../result.ts';
import { fail, ok } from '../result.ts';

export const BUCKETS = ['minute', 'hour', 'day'] as const;

export type Bucket = (typeof BUCKETS)[number];

const SIZE_MS: Readonly<Record<Bucket, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
/** Number of buckets when the caller gives no `since`. */
const DEFAULT_COUNT: Readonly<Record<Bucket, number>> = { minute: 60, hour: 48, day: 30 };
const MAX_BUCKETS = 500;

export interface BucketRange {
  readonly sizeMs: number;
  /** Start of the first bucket, epoch ms. */
  readonly from: number;
  readonly count: number;
}

/** Returns the buckets that overlap `since` (inclusive) to `until` (exclusive), epoch ms. Default end: now. */
export function bucketRange(
  bucket: Bucket,
  { since, until }: { readonly since?: number | undefined; readonly until?: number | undefined },
  now: number,
): Result<BucketRange, 'too-many' | 'turned-round'> {
  const sizeMs = SIZE_MS[bucket];
  const last = Math.floor(((until ?? now + 1) - 1) / sizeMs);
  const first = since === undefined ? last - DEFAULT_COUNT[bucket] + 1 : Math.floor(since / sizeMs);
  const count = last - first + 1;
  if (count < 1) return fail('turned-round', 'since must be before until');
  if (count > MAX_BUCKETS)
    return fail('too-many', `at most ${MAX_BUCKETS} buckets, not ${count}: choose a later since or a larger bucket`);
  return ok({ sizeMs, from: first * sizeMs, count });
}
