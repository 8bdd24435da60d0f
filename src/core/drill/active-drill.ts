/** A running drill, as stored with its component. */

export const DRILL_MODES = ['refuse', 'hang', 'unavailable'] as const;

/** `refuse`: connection refused; `hang`: no response; `unavailable`: HTTP 503. */
export type DrillMode = (typeof DRILL_MODES)[number];

export interface ActiveDrill {
  readonly id: string;
  readonly fault: DrillMode;
  /** False for a dry run: actions only report what they would do. */
  readonly execute: boolean;
  /** Epoch ms. */
  readonly startedAt: number;
  /** The drill ends at this time at the latest, epoch ms. */
  readonly until: number;
  /** End of the failure injection, epoch ms; null while the failure is injected. */
  readonly faultEndedAt: number | null;
  readonly suspectAt: number | null;
  readonly unhealthyAt: number | null;
  readonly recoveryStartedAt: number | null;
  readonly recoveryId: string | null;
  readonly provenAt: number | null;
}
