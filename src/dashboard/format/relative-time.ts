import { formatDuration } from './duration.ts';

/**
 * How long before `now` (epoch ms) an ISO 8601 time was, such as "5 min ago". A time ahead of this
 * machine's clock is "just now": the two clocks differ, it did not happen in the future.
 */
export function formatRelativeTime(iso: string, now: number): string {
  const ageMs = now - Date.parse(iso);
  return ageMs < 1_000 ? 'just now' : `${formatDuration(ageMs)} ago`;
}
