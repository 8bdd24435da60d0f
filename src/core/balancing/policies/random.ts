/** `random`: a uniform draw. */
import type { Policy } from './policy.ts';

export const random: Policy = {
  cost: () => 0,
  parts: () => ({ equal: 100 }),
  ties: 'as-drawn',
  idleTolerance: 0,
};
