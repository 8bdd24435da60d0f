/**
 * How many runs a property gets, and from which seed. A property that fails prints `seed` and `path`: with
 * `FUZZ_SEED=… FUZZ_PATH=…`, and `-t` with the name of the one test, it fails at once.
 */
import type * as fc from 'fast-check';

/** Vite hands over the environment in Node and in the Worker alike. */
const { VITE_FUZZ_SEED: seed, VITE_FUZZ_PATH: path } = (
  import.meta as unknown as { env: Record<string, string | undefined> }
).env;

export const propertyRuns = (numRuns: number): fc.Parameters<unknown> => ({
  numRuns,
  ...(seed ? { seed: Number(seed) } : {}),
  ...(path ? { path } : {}),
});
