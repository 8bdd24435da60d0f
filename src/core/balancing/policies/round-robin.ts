/** `round-robin`: the component with the least recent work, whatever its capacity. Ignores work in flight. */
import type { Policy } from './policy.ts';

export const roundRobin: Policy = {
  cost: () => 0,
  parts: () => ({ equal: 100 }),
  ties: 'by-share',
  idleTolerance: 0,
};
