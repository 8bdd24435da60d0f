/** The buckets of time that failures are added up in, for charts: aligned to UTC, a bounded number. */
import type { Result } from '../result.ts';
import { fail, ok } from '../result.ts';

export const BUCKETS = ['minute', 'hour', 'day'] as const;

export type Bucket = (typeof BUCKETS)[number];

const SIZE_MS: Readonly<Record<Bucket, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
/** As many as are answered when nobody says since when. */
const USUAL: Readonly<Record<Bucket, number>> = { minute: 60, hour: 48, day: 30 };
const MOST = 500;

export interface BucketRange {
  readonly sizeMs: number;
  /** Start of the first, epoch ms. */
  readonly from: number;
  readonly count: number;
}

/** The buckets that hold any moment from `since` to before `until`, epoch ms; the last ones until now when left out. */
export function bucketRange(
  bucket: Bucket,
  { since, until }: { readonly since?: number | undefined; readonly until?: number | undefined },
  now: number,
): Result<BucketRange, 'too-many' | 'turned-round'> {
  const sizeMs = SIZE_MS[bucket];
  const last = Math.floor(((until ?? now + 1) - 1) / sizeMs);
  const first = since === undefined ? last - USUAL[bucket] + 1 : Math.floor(since / sizeMs);
  const count = last - first + 1;
  if (count < 1) return fail('turned-round', 'since must be before until');
  if (count > MOST)
    return fail('too-many', `at most ${MOST} buckets, not ${count}: choose a later since or a larger bucket`);
  return ok({ sizeMs, from: first * sizeMs, count });
}
