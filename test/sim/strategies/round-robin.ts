/** Weighted round robin by declared task limit. Every router begins at a random position. */
import type { MakeStrategy } from '../strategy.ts';

export const roundRobin: MakeStrategy = ({ taskLimits, routers, random }) => {
  const order = orderOf(taskLimits);
  const next = Array.from({ length: routers }, () => Math.floor(random() * order.length));
  return {
    pick(router) {
      const position = next[router]!;
      next[router] = (position + 1) % order.length;
      return order[position]!;
    },
  };
};

/** One round, with the slots of each server evenly spaced. */
function orderOf(taskLimits: readonly number[]): number[] {
  const least = Math.min(...taskLimits);
  const slots = taskLimits.flatMap((taskLimit, server) => {
    const count = taskLimit / least;
    return Array.from({ length: count }, (_, repetition) => ({ server, at: (repetition + (server % 7) / 7) / count }));
  });
  return slots.toSorted((a, b) => a.at - b.at).map(({ server }) => server);
}
