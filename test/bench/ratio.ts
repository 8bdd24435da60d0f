import { textTable } from './text-table.ts';

/** A benchmark figure: a ratio, its two sides, and its goal. */
export interface Ratio {
  readonly name: string;
  readonly value: number;
  /** Lowest and highest of the rounds. */
  readonly range: readonly [number, number];
  readonly goal: string;
  readonly meets: boolean;
  /** The two sides of the ratio, as text. */
  readonly of: string;
}

interface Goal {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** Median over rounds of the ratio within each round. */
export function ratioOf(name: string, rounds: readonly (readonly [number, number])[], goal: Goal, unit: string): Ratio {
  const ratios = rounds.map(([measured, yardstick]) => measured / yardstick);
  const value = medianOf(ratios);
  const [measured, yardstick] = [0, 1].map((at) => medianOf(rounds.map((round) => round[at]!)));
  return {
    name,
    value,
    range: [Math.min(...ratios), Math.max(...ratios)],
    goal: goal.atLeast === undefined ? `≤ ${short(goal.atMost!)}` : `≥ ${short(goal.atLeast)}`,
    meets: goal.atLeast === undefined ? value <= goal.atMost! : value >= goal.atLeast,
    of: `${short(measured!)} ÷ ${short(yardstick!)} ${unit}`,
  };
}

const medianOf = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

export function tableOf(ratios: readonly Ratio[]): string {
  const rows = ratios.map(({ name, value, range, goal, meets, of }) => [
    name,
    short(value),
    `${short(range[0])} to ${short(range[1])}`,
    goal,
    meets ? 'yes' : 'no',
    of,
  ]);
  return textTable(['figure', 'ratio', 'over the rounds', 'goal', 'met', 'of'], rows);
}

/** Three significant digits. */
function short(value: number): string {
  if (value === 0) return '0';
  return Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
