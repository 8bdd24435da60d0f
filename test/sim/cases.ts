/** All simulated cases: strategy, number of routers, snapshot age, load. */
import type { PolicyName } from '../../src/core/balancing/balancing-settings.ts';
import { POLICY_NAMES } from '../../src/core/balancing/balancing-settings.ts';
import { bestScore } from './strategies/best-score.ts';
import { leastLoad } from './strategies/least-load.ts';
import { clairvoyant } from './strategies/oracle.ts';
import { peakEwma } from './strategies/peak-ewma.ts';
import { prequal } from './strategies/prequal.ts';
import { edge, exact } from './strategies/production.ts';
import { random } from './strategies/random.ts';
import { roundRobin } from './strategies/round-robin.ts';
import { twoChoices } from './strategies/two-choices.ts';
import { unreported } from './strategies/unreported.ts';
import type { MakeStrategy } from './strategy.ts';

export interface Case {
  readonly name: string;
  readonly make: MakeStrategy;
  /** 0 if the number makes no difference. */
  readonly routers: number;
  /** Snapshot age; null if it makes no difference. */
  readonly ageMs: number | null;
  /** Whether the second router receives half the requests of the first, the third a third. */
  readonly uneven: boolean;
  readonly loads: readonly number[];
}

export const LOADS = [0.7, 0.9];
export const ROUTERS = [1, 8, 64];
export const AGES = [0, 100, 1_000, 5_000];
/** Load of a nearly idle cluster. */
export const LIGHT_LOAD = 0.3;

type Place = Partial<Omit<Case, 'name' | 'make'>>;

const at = (name: string, make: MakeStrategy, place: Place = {}): Case => ({
  name,
  make,
  routers: 0,
  ageMs: null,
  uneven: false,
  loads: LOADS,
  ...place,
});

/** With snapshot age 0, all routers know the same and act as one. */
const bySnapshot = (name: string, make: MakeStrategy): Case[] =>
  AGES.flatMap((ageMs) =>
    ageMs === 0 ? [at(name, make, { ageMs })] : ROUTERS.map((routers) => at(name, make, { ageMs, routers })),
  );

const byRouters = (name: string, make: MakeStrategy): Case[] => ROUTERS.map((routers) => at(name, make, { routers }));

const comparison: readonly Case[] = [
  at('clairvoyant', clairvoyant),
  ...POLICY_NAMES.map((policy) => at(`exact ${policy}`, exact(policy))),
  ...POLICY_NAMES.flatMap((policy) =>
    // A policy that ignores the load gains nothing from a snapshot.
    policy === 'round-robin' || policy === 'random'
      ? ROUTERS.map((routers) => at(`edge ${policy}`, edge(policy), { routers, ageMs: 1_000 }))
      : bySnapshot(`edge ${policy}`, edge(policy)),
  ),
  at('random', random),
  ...byRouters('round robin', roundRobin),
  ...bySnapshot('least load', leastLoad),
  ...bySnapshot('two choices', twoChoices),
  ...byRouters('peak EWMA', peakEwma),
  ...byRouters('like Prequal', prequal),
  ...bySnapshot('best score', bestScore),
];

const APERTURES = ['by-share', 'fixed', 'none'] as const;
const apertures = [8, 64].flatMap((routers) =>
  [false, true].flatMap((uneven) =>
    APERTURES.map((kind) => at(`aperture ${kind}`, edge('least-time', kind), { routers, ageMs: 1_000, uneven })),
  ),
);

/** Routers of the cases in which no caller reports. */
export const UNREPORTED_ROUTERS = [8, 64];
export const unreportedName = (policy: PolicyName): string => `unreported ${policy}`;

/** Every policy in a nearly idle cluster, and where no caller reports. */
const limits = UNREPORTED_ROUTERS.flatMap((routers) =>
  POLICY_NAMES.flatMap((policy) => [
    at(`edge ${policy}`, edge(policy), { routers, ageMs: 1_000, loads: [LIGHT_LOAD] }),
    at(unreportedName(policy), unreported(policy), { routers, ageMs: 1_000, loads: [LIGHT_LOAD, ...LOADS] }),
  ]),
);

export const CASES: readonly Case[] = [
  ...comparison,
  ...apertures,
  ...limits,
  at('exact least-time', exact('least-time'), { loads: [LIGHT_LOAD] }),
];

/** Key of the case in the results. */
export const keyOf = ({ name, routers, ageMs, uneven }: Omit<Case, 'make' | 'loads'>): string =>
  [name, routers, ageMs ?? '-', uneven ? 'uneven' : 'even'].join('/');
