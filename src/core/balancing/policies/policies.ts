/** Balancing policies by their configuration name. */
import type { PolicyName } from '../balancing-settings.ts';
import { leastLoad } from './least-load.ts';
import { leastTime } from './least-time.ts';
import type { Policy } from './policy.ts';
import { random } from './random.ts';
import { roundRobin } from './round-robin.ts';
import { score } from './score.ts';

export const POLICIES: Readonly<Record<PolicyName, Policy>> = {
  'least-time': leastTime,
  score,
  'least-load': leastLoad,
  'round-robin': roundRobin,
  random,
};
