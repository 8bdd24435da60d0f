import { describe } from 'vitest';
import type { Contract } from './policy-contract.ts';
import { policyContract } from './policy-contract.ts';

const CONTRACTS: readonly Contract[] = [
  { policy: 'least-time', bySize: true },
  { policy: 'score', bySize: true },
  { policy: 'least-load', bySize: true },
  { policy: 'round-robin', bySize: false },
  { policy: 'random', bySize: false },
];

describe.each(CONTRACTS)('policy $policy', (contract) => policyContract(contract));
