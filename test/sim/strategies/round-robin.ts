/** One after the other, as often as its declared room is large; every router begins where chance will have it. */
import type { MakeStrategy } from '../strategy.ts';

export const roundRobin: MakeStrategy = ({ rooms, routers, random }) => {
  const turns = turnsOf(rooms);
  const next = Array.from({ length: routers }, () => Math.floor(random() * turns.length));
  return {
    pick(router) {
      const turn = next[router]!;
      next[router] = (turn + 1) % turns.length;
      return turns[turn]!;
    },
  };
};

/** A round in which everybody's turns are evenly apart. */
function turnsOf(rooms: readonly number[]): number[] {
  const least = Math.min(...rooms);
  const turns = rooms.flatMap((room, server) => {
    const count = room / least;
    return Array.from({ length: count }, (_, turn) => ({ server, at: (turn + (server % 7) / 7) / count }));
  });
  return turns.toSorted((a, b) => a.at - b.at).map(({ server }) => server);
}
