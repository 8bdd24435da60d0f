/** Silences, which mute matching alerts for a limited time. Muted incidents are still opened and shown. */
import type { FailureType } from '../failure/classify.ts';

export type Severity = 'warning' | 'critical';

/** The properties of an alert that silences match; null if unknown. */
export interface AlertSubject {
  readonly componentId: string;
  readonly componentType: string | null;
  readonly failureType: string | null;
  readonly severity: Severity;
}

/** Every matcher that is set must be equal. At least one is set. */
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
  /** Name of the key that created it. */
  readonly createdBy: string;
  /** Epoch ms. */
  readonly createdAt: number;
  /** Exclusive end, epoch ms. */
  readonly until: number;
}

export const MAX_SILENCE_MS = 30 * 86_400_000;

function matches({ matchers, until }: Silence, subject: AlertSubject, now: number): boolean {
  const { componentId, type, severity, failureType } = matchers;
  return (
    now < until &&
    (componentId === undefined || componentId === subject.componentId) &&
    (type === undefined || type === subject.componentType) &&
    (severity === undefined || severity === subject.severity) &&
    (failureType === undefined || failureType === subject.failureType)
  );
}

/** The silence that mutes the alert, the longest-lasting one if there are several; null if the alert is sent. */
export function activeSilence(all: readonly Silence[], subject: AlertSubject, now: number): Silence | null {
  const muting = all.filter((silence) => matches(silence, subject, now));
  return muting.toSorted((a, b) => b.until - a.until)[0] ?? null;
}
