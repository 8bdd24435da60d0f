/**
 * Power of two choices (Mitzenmacher): of two random servers, the less loaded on the snapshot. Drawing and load are
 * relative to the task limit.
 */
import type { MakeStrategy } from '../strategy.ts';
import { drawByTaskLimit } from './draw.ts';
import { snapshotsOf } from './snapshots.ts';

export const twoChoices: MakeStrategy = (scene) => {
  const { taskLimits, random } = scene;
  const snapshots = snapshotsOf(scene);
  const draw = drawByTaskLimit(taskLimits, random);
  return {
    pick(router) {
      const load = snapshots.of(router);
      const [one, other] = [draw(), draw()];
      return load[other]! * taskLimits[one]! < load[one]! * taskLimits[other]! ? other : one;
    },
    refresh: (router) => snapshots.refresh(router),
  };
};
