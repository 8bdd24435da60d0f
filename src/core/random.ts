/**
 * Fast seeded random generator for sampling: mulberry32, 32 bits. Not for secrets.
 *
 * @see https://github.com/bryc/code/blob/master/jshash/PRNGs.md
 */
export function randomFrom(seed: number): () => number {
  // A typed array keeps the state an unboxed number. A variable would be allocated on the heap at each step.
  const state = Int32Array.of(seed);
  return () => {
    const next = (state[0] = (state[0]! + 0x6d2b79f5) | 0);
    let mixed = Math.imul(next ^ (next >>> 15), 1 | next);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
