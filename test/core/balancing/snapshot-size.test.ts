import { serialize } from 'node:v8';
import { describe, expect, it } from 'vitest';
import type { Candidate } from '../../../src/core/balancing/candidate.ts';
import type { SnapshotDelta } from '../../../src/core/balancing/snapshot-delta.ts';
import { packLiveStats } from '../../../src/core/balancing/snapshot-delta.ts';
import { candidateOf } from './candidate-of.ts';

const COUNT = 10_000;
const SHARED = {
  epoch: crypto.randomUUID(),
  version: 1_234,
  revision: 567,
  size: COUNT,
  nextCheckAt: 1_790_000_000_000,
};

const CANDIDATES: readonly Candidate[] = Array.from({ length: COUNT }, (_, at) =>
  candidateOf(`router-${at}`, {
    metadata: { version: '2.1.0', location: 'weur' },
    location: 'weur',
    taskTypes: ['code-review'],
    maxConcurrentTasks: 10,
    order: 1_790_000_000_000 + at,
  }),
);

const REGISTRATION = JSON.stringify({ ...CANDIDATES[0], endpoint: 'https://router-0.example.com' });

/** Size on the wire: calls between objects clone structures like `node:v8`. */
const bytesOf = (delta: Partial<SnapshotDelta>): number =>
  serialize({ ...SHARED, full: false, changed: [], conditions: [], liveStats: new Float64Array(), ...delta }).length;

const some = [...CANDIDATES.entries()].filter(([position]) => position % 100 === 7);
const condition = {
  lifecycle: 'active',
  status: 'unhealthy',
  reason: 'ECONNREFUSED: the connection was refused',
  backSince: null,
} as const;
const conditions = some.map(([position]) => [position, condition] as const);
const liveStats = Float64Array.from(some.flatMap(([position, { liveStats: each }]) => packLiveStats(position, each)));

describe('the bytes of a refresh with 100 of 10 000 components changed', () => {
  const whole = bytesOf({ full: true, changed: CANDIDATES.map((each, at) => [at, each, REGISTRATION]) });

  it.each<[string, Partial<SnapshotDelta>, number]>([
    ['no change', {}, 0.001],
    ['live stats', { liveStats }, 0.005],
    ['conditions', { conditions }, 0.01],
    ['both', { conditions, liveStats }, 0.01],
  ])('%s: are a small part of a full snapshot', (_, delta, atMost) => {
    expect(some).toHaveLength(100);
    expect(bytesOf(delta) / whole).toBeLessThan(atMost);
  });
});
