/**
 * What the calls to a component's control endpoint are signed with. After a rotation the secret before
 * signs beside the new one for a day, so that its owner can take over the new one without a gap.
 */
export interface StoredControlSecret {
  /** `whsec_` and base64, as Standard Webhooks writes a symmetric secret. */
  readonly current: string;
  readonly previous: string | null;
  /** Until when the previous one signs too, epoch ms. */
  readonly previousUntil: number | null;
}

/** What its owner is shown. */
export interface ControlSecret {
  readonly secret: string;
  /** Until when the one before it signs too, epoch ms; null when it does not. */
  readonly previousUntil: number | null;
}

const OVERLAP_MS = 86_400_000;

export const firstSecret = (fresh: string): StoredControlSecret => ({
  current: fresh,
  previous: null,
  previousUntil: null,
});

/** Puts `fresh` in the place of the current secret; of those before only the last one lives on. */
export const rotated = ({ current }: StoredControlSecret, fresh: string, now: number): StoredControlSecret => ({
  current: fresh,
  previous: current,
  previousUntil: now + OVERLAP_MS,
});

/** The secrets that sign at `now`, the newest first. */
export function signingSecrets({ current, previous, previousUntil }: StoredControlSecret, now: number): string[] {
  return previous !== null && previousUntil !== null && now < previousUntil ? [current, previous] : [current];
}

export const shownSecret = (stored: StoredControlSecret, now: number): ControlSecret => ({
  secret: stored.current,
  previousUntil: signingSecrets(stored, now).length > 1 ? stored.previousUntil : null,
});

/** A Standard Webhooks secret of 32 random bytes. */
export const toSecret = (random: Uint8Array): string => `whsec_${btoa(String.fromCharCode(...random))}`;
