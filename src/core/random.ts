/**
 * A quick generator of numbers for sampling, the same for the same seed: mulberry32, 32 bits. Nothing secret may
 * hang on it.
 *
 * @see https://github.com/bryc/code/blob/master/jshash/PRNGs.md
 */
export function randomFrom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
