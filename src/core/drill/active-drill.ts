/** A drill that runs, as it is stored with its component. */

export const DRILL_WAYS = ['refuse', 'hang', 'unavailable'] as const;

/** `refuse`: as if nothing listened; `hang`: as if it never answered; `unavailable`: as if it answered 503. */
export type DrillWay = (typeof DRILL_WAYS)[number];

export interface ActiveDrill {
  readonly id: string;
  readonly way: DrillWay;
  /** False: its actions say what they would do, and do nothing. */
  readonly execute: boolean;
  /** Epoch ms. */
  readonly beganAt: number;
  /** It is over then, whatever came of it, epoch ms. */
  readonly until: number;
  /** When the failure ceased to be injected, epoch ms; null while it is. */
  readonly liftedAt: number | null;
  readonly suspectAt: number | null;
  readonly unhealthyAt: number | null;
  readonly recoveryStartedAt: number | null;
  readonly recoveryId: string | null;
  readonly provenAt: number | null;
}
