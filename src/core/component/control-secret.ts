/**
 * The secret that signs calls to a component's control endpoint.
 * After a rotation the previous secret also signs for one day, so that the owner can switch without a gap.
 */
export interface StoredControlSecret {
  /** `whsec_` and base64: the format of a symmetric secret in Standard Webhooks. */
  readonly current: string;
  readonly previous: string | null;
  /** The previous secret also signs until then, epoch ms. */
  readonly previousUntil: number | null;
}

/** The secret as returned to its owner. */
export interface ControlSecret {
  readonly secret: string;
  /** The previous secret also signs until then, epoch ms; null when it no longer signs. */
  readonly previousUntil: number | null;
}

const OVERLAP_MS = 86_400_000;

export const firstSecret = (newSecret: string): StoredControlSecret => ({
  current: newSecret,
  previous: null,
  previousUntil: null,
});

/** Makes `newSecret` the current secret. Only the last of the earlier secrets is kept. */
export const rotateSecret = (
  { current }: StoredControlSecret,
  newSecret: string,
  now: number,
): StoredControlSecret => ({
  current: newSecret,
  previous: current,
  previousUntil: now + OVERLAP_MS,
});

/** The secrets that sign at `now`, newest first. */
export function signingSecrets({ current, previous, previousUntil }: StoredControlSecret, now: number): string[] {
  return previous !== null && previousUntil !== null && now < previousUntil ? [current, previous] : [current];
}

export const toControlSecret = (stored: StoredControlSecret, now: number): ControlSecret => ({
  secret: stored.current,
  previousUntil: signingSecrets(stored, now).length > 1 ? stored.previousUntil : null,
});

/** A Standard Webhooks secret of 32 random bytes. */
export const encodeSecret = (random: Uint8Array): string => `whsec_${btoa(String.fromCharCode(...random))}`;
