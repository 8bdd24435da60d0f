/** Silences: which alerts are not sent for a while. What they mute is opened and shown all the same. */
import type { FailureType } from '../failure/classify.ts';

export type Severity = 'warning' | 'critical';

/** What an alert is about, as far as a silence can tell alerts apart; null where it is not known. */
export interface AlertSubject {
  readonly componentId: string;
  readonly componentType: string | null;
  readonly failureType: string | null;
  readonly severity: Severity;
}

/** All that are given must be equal. At least one is. */
export interface SilenceMatchers {
  readonly componentId?: string | undefined;
  readonly type?: string | undefined;
  readonly severity?: Severity | undefined;
  readonly failureType?: FailureType | undefined;
}

export interface Silence {
  readonly id: string;
  readonly matchers: SilenceMatchers;
  readonly comment: string;
  /** Name of the key it was made with. */
  readonly createdBy: string;
  /** Epoch ms. */
  readonly createdAt: number;
  /** It is over then, epoch ms. */
  readonly until: number;
}

export const MAX_SILENCE_MS = 30 * 86_400_000;

function silences({ matchers, until }: Silence, subject: AlertSubject, now: number): boolean {
  const { componentId, type, severity, failureType } = matchers;
  return (
    now < until &&
    (componentId === undefined || componentId === subject.componentId) &&
    (type === undefined || type === subject.componentType) &&
    (severity === undefined || severity === subject.severity) &&
    (failureType === undefined || failureType === subject.failureType)
  );
}

/** Of those that mute the alert the one that lasts longest; null when it goes out. */
export function silenceOver(all: readonly Silence[], subject: AlertSubject, now: number): Silence | null {
  const muting = all.filter((silence) => silences(silence, subject, now));
  return muting.toSorted((a, b) => b.until - a.until)[0] ?? null;
}
