import { formatDuration } from './duration.ts';

/**
 * The age of an ISO 8601 time at `now` (epoch ms), such as "5 min ago". A time in the future is "just now": the
 * coordinator's clock is ahead of this machine's.
 */
export function formatRelativeTime(iso: string, now: number): string {
  const ageMs = now - Date.parse(iso);
  return ageMs < 1_000 ? 'just now' : `${formatDuration(ageMs)} ago`;
}
