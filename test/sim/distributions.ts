/** Numbers of the kinds that traffic is made of. `random` is uniform in [0, 1). */
export const exponential = (random: () => number, mean: number): number => -mean * Math.log(1 - random());

/** A lognormal number of that mean; `spread` is the deviation of its logarithm. */
export function lognormal(random: () => number, mean: number, spread: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return mean * Math.exp(spread * normal - (spread * spread) / 2);
}
