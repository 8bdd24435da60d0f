/**
 * What components of equal cost share work by, per policy. Candidates are drawn with weights of the same basis.
 */
import type { PolicyName } from '../balancing-settings.ts';

/** `rate`: capacity ÷ response time; `capacity`: weight × `maxConcurrentTasks`; `even`: every component the same. */
export type DrawBasis = 'rate' | 'capacity' | 'even';

export const DRAW_BASIS: Readonly<Record<PolicyName, DrawBasis>> = {
  'least-time': 'rate',
  score: 'capacity',
  'least-load': 'capacity',
  'round-robin': 'even',
  random: 'even',
};
