/**
 * When a silent component counts as failed: its TTL after the last heartbeat, plus a grace. A heartbeat that was sent
 * in time may still be under way.
 */

/** The grace is this part of the TTL, so that it lengthens no detection noticeably. */
const GRACE_PART = 0.1;
const MAX_GRACE_MS = 5_000;

/** Time without a heartbeat after which the component is unhealthy, ms. */
export const silenceLimitMs = (ttlMs: number): number => ttlMs + Math.min(Math.ceil(ttlMs * GRACE_PART), MAX_GRACE_MS);
