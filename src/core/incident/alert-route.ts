/**
 * Urgency and receivers of an incident's alerts, as the `alert` actions of recoveries give them.
 * Invariant: while an incident is open, its priority only rises, and its receivers only become more.
 */
import type { Severity } from './silence.ts';

/** In ascending order. */
export const ALERT_PRIORITIES = ['low', 'medium', 'high', 'critical'] as const;

export type AlertPriority = (typeof ALERT_PRIORITIES)[number];

/** The fields of an `alert` action. */
export interface AlertRequest {
  /** Id of the webhook that receives the alert; absent for every channel. */
  readonly target?: string | undefined;
  readonly priority?: AlertPriority | undefined;
}

export interface AlertRoute {
  /** Null if no action gave one: the severity then decides. */
  readonly priority: AlertPriority | null;
  /** Ids of the webhooks that receive the alerts; null for every channel. */
  readonly targets: readonly string[] | null;
}

export interface Urgency {
  readonly severity: Severity;
  readonly priority: AlertPriority | null;
}

/** An incident that names more targets alerts every channel. */
const MAX_TARGETS = 8;

export const routeOf = ({ target, priority }: AlertRequest): AlertRoute => ({
  priority: priority ?? null,
  targets: target === undefined ? null : [target],
});

export const effectivePriority = ({ severity, priority }: Urgency): AlertPriority =>
  priority ?? (severity === 'critical' ? 'critical' : 'medium');

const rankOf = (urgency: Urgency): number => ALERT_PRIORITIES.indexOf(effectivePriority(urgency));

/** The worse severity and the higher priority of both. The priority stays null while no action gives a higher one. */
export function combineUrgency(known: Urgency, further: Urgency): Urgency {
  const isPrioritized = known.priority !== null || further.priority !== null;
  return {
    severity: known.severity === 'critical' ? known.severity : further.severity,
    priority: isPrioritized && rankOf(further) > rankOf(known) ? effectivePriority(further) : known.priority,
  };
}

/** The receivers of both together. */
export function combineTargets(known: AlertRoute['targets'], further: AlertRoute['targets']): AlertRoute['targets'] {
  if (known === null || further === null) return null;
  const targets = [...new Set([...known, ...further])];
  return targets.length > MAX_TARGETS ? null : targets;
}

/** True if the incident became more urgent, or has further receivers, so that it alerts again at once. */
export const isMoreUrgent = (before: Urgency & AlertRoute, next: Urgency & AlertRoute): boolean =>
  next.severity !== before.severity ||
  rankOf(next) > rankOf(before) ||
  (next.targets?.length ?? Infinity) > (before.targets?.length ?? Infinity);
