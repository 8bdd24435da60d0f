/** Statistics of runs: quantiles, and means over seeds with confidence intervals. */
import type { Run } from './simulate.ts';

export interface Figures {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  /** Load of the most loaded server ÷ mean load, both relative to capacity. */
  readonly peak: number;
}

export const FIGURES = ['p50', 'p99', 'p999', 'peak'] as const satisfies readonly (keyof Figures)[];

export interface Estimate {
  readonly mean: number;
  /** Half of the 95 % confidence interval. */
  readonly within: number;
}

export function figuresOf({ latencies, loads }: Run): Figures {
  const sorted = latencies.toSorted();
  return {
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    p999: quantile(sorted, 0.999),
    peak: Math.max(...loads) / meanOf(Array.from(loads)),
  };
}

/** Figures as multiples of those of another run. */
export const ratiosOf = (figures: Figures, base: Figures): Figures => ({
  p50: figures.p50 / base.p50,
  p99: figures.p99 / base.p99,
  p999: figures.p999 / base.p999,
  peak: figures.peak / base.peak,
});

function quantile(sorted: Float64Array, part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!;
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Estimate from one value per seed. */
export function estimate(values: readonly number[]): Estimate {
  const mean = meanOf(values);
  const freedom = values.length - 1;
  if (freedom < 1) return { mean, within: Infinity };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / freedom;
  return { mean, within: studentT(freedom) * Math.sqrt(variance / values.length) };
}

/** 97.5 % quantile of Student's t, expanded about the normal one; 1 % too small at three degrees of freedom. */
function studentT(freedom: number): number {
  const z = 1.959964;
  const [first, second] = [(z ** 3 + z) / 4, (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96];
  const third = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  return z + first / freedom + second / freedom ** 2 + third / freedom ** 3;
}
