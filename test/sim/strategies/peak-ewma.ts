/**
 * Peak EWMA, as Finagle has it: of two drawn at random, the lower response time × (own requests there + 1). A
 * response time rises at once and falls in ten seconds. A router knows what it has sent and seen itself, no snapshot.
 */
import type { MakeStrategy } from '../strategy.ts';
import { drawByRoom } from './draw.ts';

const DECAY_MS = 10_000;

export const peakEwma: MakeStrategy = ({ rooms, routers, random }) => {
  const draw = drawByRoom(rooms, random);
  const size = rooms.length;
  const views = Array.from({ length: routers }, () => ({
    peakMs: new Float64Array(size),
    at: new Float64Array(size),
    pending: new Float64Array(size),
  }));
  return {
    pick(router, now) {
      const { peakMs, at, pending } = views[router]!;
      const costOf = (server: number): number => {
        const ms = peakMs[server]! * Math.exp((at[server]! - now) / DECAY_MS);
        // Nothing is known of one that has not answered yet: Finagle takes it for very slow.
        return ms === 0 && pending[server]! > 0 ? Infinity : ms * (pending[server]! + 1);
      };
      const [one, other] = [draw(), draw()];
      const best = costOf(other) < costOf(one) ? other : one;
      pending[best]! += 1;
      return best;
    },
    ended({ router, server, latencyMs }, now) {
      const { peakMs, at, pending } = views[router]!;
      const kept = Math.exp((at[server]! - now) / DECAY_MS);
      peakMs[server] = latencyMs > peakMs[server]! ? latencyMs : peakMs[server]! * kept + latencyMs * (1 - kept);
      at[server] = now;
      pending[server]! -= 1;
    },
  };
};
