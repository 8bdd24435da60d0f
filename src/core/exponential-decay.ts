/**
 * e^-x for `x` ≥ 0, within 1e-6 of `Math.exp(-x)`. A routing decision computes it for each sampled component, and
 * `Math.exp` took a tenth more of the whole decision. Source: Padé approximant of order 2, of a sixteenth of `x`.
 */
export function exponentialDecay(x: number): number {
  if (x > LONGEST) return 0;
  const part = x / 16;
  const even = 1 + (part * part) / 12;
  const sixteenth = (even - part / 2) / (even + part / 2);
  const fourth = sixteenth * sixteenth * sixteenth * sixteenth;
  return fourth * fourth * fourth * fourth;
}

/** Beyond it less than 1e-13 is left. */
const LONGEST = 30;
