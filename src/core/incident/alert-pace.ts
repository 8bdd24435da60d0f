/**
 * How often an incident that stays open is alerted of again. Only a further recovery that failed brings an alert, and
 * only after a pause that doubles with each: half an hour first, a day at most.
 */
const FIRST_PAUSE_MS = 1_800_000;
const MAX_PAUSE_MS = 86_400_000;

/** Epoch ms from which the next alert may go out, after so many, the last of them at `lastAt`. */
export const nextAlertAt = (alerts: number, lastAt: number): number =>
  alerts === 0 ? lastAt : lastAt + Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (alerts - 1));
