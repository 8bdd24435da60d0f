/** Random servers, in proportion to their declared task limits. */
import type { MakeStrategy } from '../strategy.ts';
import { drawByTaskLimit } from './draw.ts';

export const random: MakeStrategy = ({ taskLimits, random: uniform }) => ({
  pick: drawByTaskLimit(taskLimits, uniform),
});
