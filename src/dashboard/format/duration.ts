const UNITS: readonly (readonly [name: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

/** A duration in its largest fitting unit, such as "42 s" or "3 h". Negative durations count as 0. */
export function formatDuration(ms: number): string {
  const span = Math.max(0, ms);
  const [name, size] = UNITS.find(([, unitMs]) => span >= unitMs) ?? ['s', 1_000];
  return `${Math.floor(span / size)} ${name}`;
}
