/** What recovery says when a person is needed, and what became of it. Known by recovery and severity: said twice it is said once. */
import type { AlertSubject } from './silence.ts';

export interface IncidentRaise extends AlertSubject {
  readonly recoveryId: string;
  readonly title: string;
  readonly summary: string;
  /** Epoch ms. */
  readonly at: number;
}

export interface RaisedIncident {
  /** That of the component's open incident when there is one: then this is a repeat. */
  readonly incidentId: string;
  readonly openedAt: number;
  /** Recoveries that failed since the one it was opened for. */
  readonly repeats: number;
}

/** An incident that nobody resolved yet, as the coordinator knows it. */
export interface OpenIncident extends RaisedIncident, AlertSubject {}

export type TimelineKind = 'opened' | 'repeated' | 'alerted' | 'silenced' | 'acknowledged' | 'resolved';

/** Something that happened to an incident. */
export interface TimelineEntry {
  readonly incidentId: string;
  /** Unique within the incident: writing it again adds nothing. */
  readonly key: string;
  /** Epoch ms. */
  readonly at: number;
  readonly kind: TimelineKind;
  /** Name of the key of whoever did it; null when it happened by itself. */
  readonly by: string | null;
  readonly detail: string;
  readonly recoveryId: string | null;
}

/** The incident a recovery opens when there is none open about its component. */
export const incidentIdOf = (recoveryId: string): string => `i-${recoveryId.slice(2)}`;
