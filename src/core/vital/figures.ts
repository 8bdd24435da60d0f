/** Figures of vital messages. An unusable figure never refuses its message. */
import type { Warnings } from './warnings.ts';
import { shown } from './warnings.ts';

export interface FigureBounds {
  readonly min: number;
  readonly max: number;
  readonly isInteger: boolean;
  /**
   * The treatment of a number outside the bounds. A load is clamped: the nearest bound is what the component means. A
   * duration is dropped: the clock of its sender was set, so the figure says nothing.
   */
  readonly outside: 'clamp' | 'drop';
}

/** The figure within its bounds; undefined if it is absent or dropped. */
export function readFigure(value: unknown, path: string, bounds: FigureBounds, warnings: Warnings): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || Number.isNaN(value)) {
    warnings.add(path, `ignored: expected a number, received ${shown(value)}`);
    return undefined;
  }
  const { min, max, isInteger, outside } = bounds;
  if (value >= min && value <= max) {
    if (!isInteger || Number.isInteger(value)) return value;
    warnings.add(path, `rounded to ${Math.round(value)}: expected an integer, received ${value}`);
    return Math.round(value);
  }
  if (outside === 'drop') {
    warnings.add(path, `ignored: expected ${min} to ${max}, received ${value}`);
    return undefined;
  }
  const clamped = value < min ? min : max;
  warnings.add(path, `clamped to ${clamped}: expected ${min} to ${max}, received ${value}`);
  return clamped;
}
