/**
 * A quick generator of numbers for sampling, the same for the same seed: mulberry32, 32 bits. Nothing secret may
 * hang on it.
 *
 * @see https://github.com/bryc/code/blob/master/jshash/PRNGs.md
 */
export function randomFrom(seed: number): () => number {
  // In an array, where it stays a bare number: as a variable it would be put on the heap anew each time.
  const state = Int32Array.of(seed);
  return () => {
    const next = (state[0] = (state[0]! + 0x6d2b79f5) | 0);
    let mixed = Math.imul(next ^ (next >>> 15), 1 | next);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
