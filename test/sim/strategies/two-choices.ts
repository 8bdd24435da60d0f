/**
 * The power of two choices (Mitzenmacher): of two drawn at random, the less loaded on the snapshot. Both are drawn, and
 * the load counted, by room.
 */
import type { MakeStrategy } from '../strategy.ts';
import { drawByRoom } from './draw.ts';
import { snapshotsOf } from './snapshots.ts';

export const twoChoices: MakeStrategy = (scene) => {
  const { rooms, random } = scene;
  const snapshots = snapshotsOf(scene);
  const draw = drawByRoom(rooms, random);
  return {
    pick(router) {
      const load = snapshots.of(router);
      const [one, other] = [draw(), draw()];
      return load[other]! * rooms[one]! < load[one]! * rooms[other]! ? other : one;
    },
    refresh: (router) => snapshots.refresh(router),
  };
};
