import type { Component } from '../../api/schemas/component.ts';

export interface ComponentFilter {
  readonly text: string;
  /** Empty: every type. */
  readonly type: string;
}

const GRAVITY: Readonly<Record<Component['health']['status'], number>> = {
  unhealthy: 0,
  degraded: 1,
  unknown: 2,
  healthy: 3,
};

/** The components a filter leaves, the worst first, so that a cut list still shows what matters. */
export function selectComponents(components: readonly Component[], filter: ComponentFilter): readonly Component[] {
  const text = filter.text.trim().toLowerCase();
  return components
    .filter((component) => (filter.type === '' || component.type === filter.type) && contains(component, text))
    .toSorted((a, b) => gravityOf(a) - gravityOf(b) || (a.id < b.id ? -1 : 1));
}

const gravityOf = ({ health }: Component): number =>
  health.suspect ? Math.min(1, GRAVITY[health.status]) : GRAVITY[health.status];

const contains = ({ id, name, type, health, lifecycle }: Component, text: string): boolean =>
  [id, name, type, health.status, lifecycle].some((field) => field.toLowerCase().includes(text));
