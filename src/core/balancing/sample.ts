/**
 * A few of a pool at random: drawn one after the other, each in proportion to its pace, nobody twice.
 * The order is part of the answer: among equals the first one is a fair choice by pace.
 *
 * Most draws hit: a binary search each, whatever the size of the fleet. Where few are eligible one
 * scan draws the rest, in constant memory (Efraimidis and Spirakis, "Weighted random sampling with a
 * reservoir"). Draws are independent, so going over from the one to the other bends no chances.
 */
import type { Fleet, Pool } from './fleet.ts';

export interface Draw {
  readonly fleet: Fleet;
  readonly pool: Pool;
  /** Whether the candidate at a position may be drawn. */
  readonly accepts: (position: number) => boolean;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export const SAMPLE_SIZE = 5;
/** Enough to fill a sample where a fifth of a pool is eligible. */
const MAX_DRAWS = 32;

/** Positions of at most five eligible members of the pool, all of them when there are no more. */
export function sampleOf(draw: Draw): number[] {
  const { pool, accepts, random } = draw;
  const sample: number[] = [];
  // In a small pool a scan is cheaper than draws that repeat themselves.
  const size = pool.positions.length;
  const draws = size > SAMPLE_SIZE ? Math.min(size, MAX_DRAWS) : 0;
  for (let drawn = 0; drawn < draws && sample.length < SAMPLE_SIZE; drawn++) {
    const position = positionAt(pool, random());
    if (!sample.includes(position) && accepts(position)) sample.push(position);
  }
  return sample.length < SAMPLE_SIZE ? [...sample, ...scanned(draw, sample)] : sample;
}

/** The member at `part` (0 to 1) of the pool's whole pace: the first whose running total exceeds it. */
function positionAt({ positions, totals }: Pool, part: number): number {
  const wanted = part * totals.at(-1)!;
  let low = 0;
  let high = positions.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (totals[middle]! > wanted) high = middle;
    else low = middle + 1;
  }
  return positions[low]!;
}

/** What is missing from `sample`, by one scan: each waits an exponential time at its pace, the first ones win. */
function scanned({ fleet, pool, accepts, random }: Draw, sample: readonly number[]): number[] {
  const wanted = SAMPLE_SIZE - sample.length;
  const first: { readonly position: number; readonly key: number }[] = [];
  for (const position of pool.positions) {
    if (sample.includes(position) || !accepts(position)) continue;
    const key = -Math.log(1 - random()) / fleet.pace[position]!;
    if (first.length === wanted && key >= first[wanted - 1]!.key) continue;
    const later = first.findIndex((each) => each.key > key);
    first.splice(later === -1 ? first.length : later, 0, { position, key });
    if (first.length > wanted) first.pop();
  }
  return first.map((each) => each.position);
}
