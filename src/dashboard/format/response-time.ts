/** A response time in ms as people read it: "12 ms", "1.4 s"; a dash when there was none. */
export function formatResponseTime(ms: number | null): string {
  if (ms === null) return '–';
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
