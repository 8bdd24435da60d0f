/**
 * Number of runs and seed of a property test. A failing property prints `seed` and `path`. With these in
 * `FUZZ_SEED=… FUZZ_PATH=…`, and `-t` with the name of the test, it fails at once.
 */
import type * as fc from 'fast-check';

/** Vite provides the environment in Node and in the Worker. */
const { VITE_FUZZ_SEED: seed, VITE_FUZZ_PATH: path } = (
  import.meta as unknown as { env: Record<string, string | undefined> }
).env;

export const propertyRuns = (numRuns: number): fc.Parameters<unknown> => ({
  numRuns,
  ...(seed ? { seed: Number(seed) } : {}),
  ...(path ? { path } : {}),
});
