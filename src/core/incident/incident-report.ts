/**
 * The report of a recovery that an operator must act, the resulting incident, and the entries of its timeline.
 * Invariant: a report with the same recovery, severity, target and priority changes nothing.
 */
import type { AlertRequest, AlertRoute } from './alert-route.ts';
import type { AlertSubject } from './silence.ts';

export interface IncidentReport extends AlertSubject, AlertRequest {
  readonly recoveryId: string;
  readonly title: string;
  readonly summary: string;
  /** Epoch ms. */
  readonly at: number;
}

export interface RaisedIncident {
  /** The component's open incident, if there is one: the report is then a repeat. */
  readonly incidentId: string;
  readonly openedAt: number;
  /** Recoveries that failed after the one that opened the incident. */
  readonly repeats: number;
  /** The highest priority so far; null if no alert action gave one. */
  readonly priority: AlertRoute['priority'];
}

/** An unresolved incident, as the coordinator stores it. */
export interface OpenIncident extends RaisedIncident, AlertSubject, AlertRoute {}

export type TimelineKind = 'opened' | 'repeated' | 'alerted' | 'silenced' | 'acknowledged' | 'resolved';

/** A change of an incident. */
export interface TimelineEntry {
  readonly incidentId: string;
  /** Unique within the incident. Writing the same entry again adds nothing. */
  readonly key: string;
  /** Epoch ms. */
  readonly at: number;
  readonly kind: TimelineKind;
  /** Name of the caller's key; null for an automatic change. */
  readonly by: string | null;
  readonly detail: string;
  readonly recoveryId: string | null;
}

/** Id of the incident that a recovery opens if its component has no open one. */
export const incidentIdOf = (recoveryId: string): string => `i-${recoveryId.slice(2)}`;
