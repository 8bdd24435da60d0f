/** Markdown tables of the results: goals, comparison, limits, and routing without reports. */
import { POLICY_NAMES } from '../../src/core/balancing/balancing-settings.ts';
import type { Case } from './cases.ts';
import { AGES, CASES, LIGHT_LOAD, LOADS, ROUTERS, UNREPORTED_ROUTERS, keyOf, unreportedName } from './cases.ts';
import type { Estimates, Results } from './results.ts';
import type { Estimate } from './statistics.ts';
import { markdownTable, shown } from './table.ts';

type Place = Omit<Case, 'make' | 'loads'>;

const EXACT: Place = { name: 'exact least-time', routers: 0, ageMs: null, uneven: false };
const edgeOf = (routers: number): Place => ({ name: 'edge least-time', routers, ageMs: 1_000, uneven: false });

/** Goals of issue 4: p99 as a multiple of the oracle's, by load in the order of `LOADS`. */
const GOALS: readonly (readonly [title: string, place: Place, most: readonly number[]])[] = [
  ['exact', EXACT, [1.15, 1.05]],
  ['edge, 8 routers, 1 s old', edgeOf(8), [1.4, 1.45]],
  ['edge, 64 routers, 1 s old', edgeOf(64), [1.5, 1.7]],
];

const percent = (load: number): string => `${Math.round(load * 100)} %`;
const seconds = (ageMs: number): string => `${ageMs / 1_000} s`;
const withError = ({ mean, within }: Estimate): string => `${shown(mean)} ± ${shown(within)}`;

const estimatesOf = ({ ratios }: Results, load: number, place: Place): Estimates | undefined =>
  ratios.get(load)?.get(keyOf(place));

export function goals(results: Results): string {
  const rows = GOALS.map(([title, place, most]) => [
    title,
    ...LOADS.flatMap((load, at) => {
      const { p99 } = estimatesOf(results, load, place)!;
      return [withError(p99), `≤ ${most[at]}${p99.mean <= most[at]! ? '' : ', missed'}`];
    }),
  ]);
  return markdownTable(['p99 ÷ oracle', ...LOADS.flatMap((load) => [`at ${percent(load)}`, 'goal'])], rows);
}

/** p99 of every strategy in all its cases. */
export function comparison(results: Results, load: number): string {
  const columns = [{ routers: 0, ageMs: 0 }, ...ROUTERS.flatMap((routers) => agesBut0(routers))];
  const names = new Set(CASES.filter(({ name }) => !isExcluded(name)).map(({ name }) => name));
  const rows = Array.from(names, (name) => [
    name,
    ...columns.map(({ routers, ageMs }) => {
      const found = nearest(results, load, { name, routers, ageMs, uneven: false });
      return found ? shown(found.p99.mean) : '';
    }),
  ]);
  return markdownTable(
    ['', ...columns.map(({ routers, ageMs }) => (ageMs === 0 ? '0 s' : `${routers}, ${seconds(ageMs)}`))],
    rows,
  );
}

const agesBut0 = (routers: number) => AGES.filter((ageMs) => ageMs > 0).map((ageMs) => ({ routers, ageMs }));
const isExcluded = (name: string): boolean => name.startsWith('aperture') || name.startsWith('unreported');

/** The matching case; any case matches if routers or snapshot age make no difference to the strategy. */
export function nearest(results: Results, load: number, place: Place): Estimates | undefined {
  const routers = place.routers === 0 ? 1 : place.routers;
  const places: readonly Place[] = [
    place,
    { ...place, routers: 0 },
    { ...place, routers, ageMs: null },
    { ...place, routers: 0, ageMs: null },
    ...(looksAtLoad(place.name) ? [] : [{ ...place, routers, ageMs: 1_000 }]),
  ];
  return places.map((each) => estimatesOf(results, load, each)).find((found) => found !== undefined);
}

const looksAtLoad = (name: string): boolean => name !== 'edge random' && name !== 'edge round-robin';

/** All figures at eight routers with snapshots of one second. */
export function figures(results: Results, load: number): string {
  const names = new Set(CASES.filter(({ name }) => !isExcluded(name)).map(({ name }) => name));
  const rows = Array.from(names, (name) => {
    const { p50, p99, p999, peak } = nearest(results, load, { name, routers: 8, ageMs: 1_000, uneven: false })!;
    return [name, shown(p50.mean), withError(p99), shown(p999.mean), shown(peak.mean)];
  });
  const { p50, p99, p999, peak } = results.oracle.get(load)!;
  const own = [p50, p99, p999].map(({ mean }) => `${mean.toFixed(0)} ms`);
  rows.unshift(['the oracle itself', own[0]!, own[1]!, own[2]!, shown(peak.mean)]);
  return markdownTable([`at ${percent(load)}`, 'p50', 'p99', 'p99.9', 'max ÷ mean load'], rows);
}

export function apertures(results: Results): string {
  const kinds = [
    ['four times its share, at least 12', 'aperture by-share'],
    ['12 components', 'aperture fixed'],
    ['all components', 'aperture none'],
  ] as const;
  const columns = [8, 64].flatMap((routers) => [false, true].map((uneven) => ({ routers, uneven })));
  const rows = LOADS.flatMap((load) =>
    kinds.map(([title, name]) => [
      percent(load),
      title,
      ...columns.map(({ routers, uneven }) =>
        withError(estimatesOf(results, load, { name, routers, ageMs: 1_000, uneven })!.p99),
      ),
    ]),
  );
  const titles = columns.map(({ routers, uneven }) => `${routers} routers, ${uneven ? 'uneven' : 'even'}`);
  return markdownTable(['load', 'a router keeps to', ...titles], rows);
}

/** A nearly idle cluster. */
export function limits(results: Results): string {
  const places = [['exact', EXACT] as const, ...[8, 64].map((routers) => [titleOf(routers), edgeOf(routers)] as const)];
  const rows = places.map(([title, place]) => [title, withError(estimatesOf(results, LIGHT_LOAD, place)!.p99)]);
  return markdownTable(['p99 ÷ oracle', `at ${percent(LIGHT_LOAD)}`], rows);
}

const titleOf = (routers: number): string => `edge, ${routers} routers, 1 s old`;

/** Every policy at the edge where callers report their outcomes, and where no caller reports anything. */
export function unreported(results: Results): string {
  const loads = [LIGHT_LOAD, ...LOADS];
  const rows = UNREPORTED_ROUTERS.flatMap((routers) =>
    POLICY_NAMES.map((policy) => [
      policy,
      String(routers),
      ...loads.flatMap((load) =>
        [`edge ${policy}`, unreportedName(policy)].map((name) =>
          withError(estimatesOf(results, load, { ...edgeOf(routers), name })!.p99),
        ),
      ),
    ]),
  );
  const columns = loads.flatMap((load) => [`at ${percent(load)}`, 'no reports']);
  return markdownTable(['p99 ÷ oracle', 'routers', ...columns], rows);
}

/** All results, one line per case. */
export function everything({ ratios }: Results): string {
  const rows = Array.from(ratios).flatMap(([load, byKey]) =>
    Array.from(byKey, ([key, { p50, p99, p999, peak }]) => [
      percent(load),
      key,
      shown(p50.mean),
      withError(p99),
      shown(p999.mean),
      shown(peak.mean),
    ]),
  );
  return markdownTable(['load', 'strategy/routers/age/traffic', 'p50', 'p99', 'p99.9', 'max ÷ mean load'], rows);
}
