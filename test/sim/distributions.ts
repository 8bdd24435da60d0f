/** Random distributions of the traffic. `random` is uniform in [0, 1). */
export const exponential = (random: () => number, mean: number): number => -mean * Math.log(1 - random());

/** A lognormal number with this mean; `spread` is the standard deviation of its logarithm. */
export function lognormal(random: () => number, mean: number, spread: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return mean * Math.exp(spread * normal - (spread * spread) / 2);
}
