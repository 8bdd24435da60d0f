/**
 * `round-robin`: one after the other, whatever their size: the one that got least lately. Work in flight
 * is not looked at.
 */
import type { Policy } from './policy.ts';

export const roundRobin: Policy = {
  cost: () => 0,
  parts: () => ({ equal: 100 }),
  ties: 'by-share',
  share: 'even',
  idleTolerance: 0,
};
