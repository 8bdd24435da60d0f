/** Cost of a refresh at the edge: a delta of a hundred of ten thousand components, relative to a full snapshot. */
import { deserialize, serialize } from 'node:v8';
import { DEFAULT_BALANCING } from '../../../src/core/balancing/balancing-settings.ts';
import type { SnapshotDelta } from '../../../src/core/balancing/snapshot-delta.ts';
import { packLiveStats } from '../../../src/core/balancing/snapshot-delta.ts';
import { applyDelta, newEdgeSnapshot } from '../../../src/edge/edge-snapshot.ts';
import type { Ratio } from '../ratio.ts';
import { ratioOf } from '../ratio.ts';
import { benchCandidates } from './bench-fleet.ts';

const COUNT = 10_000;
const CHANGED = 100;
const ROUNDS = 31;
/** An isolate reaches this number within some seconds. */
const WARM_UP = 9;
const OPTIONS = { settings: DEFAULT_BALANCING, edgeMember: { number: 3, share: 0.1 } };

/** Message on the wire: RPC clones structures like `node:v8`. */
function received(delta: SnapshotDelta): { readonly bytes: number; readonly message: Buffer } {
  const message = serialize(delta);
  return { bytes: message.length, message };
}

export async function refreshRatios(): Promise<Ratio[]> {
  const candidates = benchCandidates(COUNT);
  const edge = newEdgeSnapshot(DEFAULT_BALANCING);
  const shared = { epoch: 'e', revision: 1, size: COUNT, conditions: [], nextCheckAt: null, sentAt: 0 } as const;
  const whole = received({
    ...shared,
    version: 1,
    full: true,
    changed: candidates.map((candidate, position) => [position, candidate] as const),
    liveStats: new Float64Array(),
  });
  const times: [number, number][] = [];
  let bytes = 0;
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    const moved = Array.from({ length: CHANGED }, (_, at) => {
      const position = (at * 97 + round) % COUNT;
      return packLiveStats(position, { ...candidates[position]!.liveStats, inFlight: round, ewmaMs: 30 + round });
    });
    const delta = received({
      ...shared,
      version: 2 + round,
      full: false,
      changed: [],
      liveStats: Float64Array.from(moved.flat()),
    });
    bytes = delta.bytes;
    const full = msOf(() => applyDelta(edge, deserialize(whole.message) as SnapshotDelta, OPTIONS, round));
    const part = msOf(() => applyDelta(edge, deserialize(delta.message) as SnapshotDelta, OPTIONS, round));
    if (round >= WARM_UP) times.push([part, full]);
  }
  return [
    ratioOf('bytes of a refresh, 100 of 10 000 changed ÷ whole', [[bytes, whole.bytes]], { atMost: 0.01 }, 'bytes'),
    ratioOf('time of a refresh, 100 of 10 000 changed ÷ whole', times, { atMost: 0.01 }, 'ms'),
  ];
}

function msOf(call: () => void): number {
  const beganAt = performance.now();
  call();
  return performance.now() - beganAt;
}
