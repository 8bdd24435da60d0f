import { expect, it } from 'vitest';
import { describeOverload } from '../../src/dev/machine-load.ts';

it.each([
  [{ runnable: 1, processors: 2, timerDelayMs: 5 }, false],
  [{ runnable: 6, processors: 2, timerDelayMs: 100 }, false],
  [{ runnable: 6.1, processors: 2, timerDelayMs: 5 }, true],
  [{ runnable: 0, processors: 8, timerDelayMs: 400 }, true],
])('%j is overload: %s', (load, expected) => {
  expect(describeOverload(load) !== null).toBe(expected);
});
