/** A response time in ms as "12 ms" or "1.4 s"; a dash for null. */
export function formatResponseTime(ms: number | null): string {
  if (ms === null) return '–';
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
