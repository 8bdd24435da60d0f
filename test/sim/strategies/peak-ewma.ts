/**
 * Peak EWMA of Finagle: of two random servers, the lower response time × (own pending requests + 1). A response time
 * rises at once and decays over ten seconds. A router uses only its own observations, no snapshot.
 */
import type { MakeStrategy } from '../strategy.ts';
import { drawByTaskLimit } from './draw.ts';

const DECAY_MS = 10_000;

export const peakEwma: MakeStrategy = ({ taskLimits, routers, random }) => {
  const draw = drawByTaskLimit(taskLimits, random);
  const size = taskLimits.length;
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
        // Finagle assumes a server to be very slow until its first response.
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
