/**
 * Backoff of repeated alerts about an open incident. Only another failed recovery causes a further alert. The pause
 * doubles with each alert, from half an hour to a day.
 */
const FIRST_PAUSE_MS = 1_800_000;
const MAX_PAUSE_MS = 86_400_000;

/** Epoch ms from which the next alert may be sent, after `alerts` alerts, the last of them at `lastAt`. */
export const nextAlertAt = (alerts: number, lastAt: number): number =>
  alerts === 0 ? lastAt : lastAt + Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (alerts - 1));
