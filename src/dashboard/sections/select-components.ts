import type { Component } from '../../api/schemas/component.ts';

export interface ComponentFilter {
  readonly text: string;
  /** Empty for every type. */
  readonly type: string;
}

const SEVERITY: Readonly<Record<Component['health']['status'], number>> = {
  unhealthy: 0,
  degraded: 1,
  unknown: 2,
  healthy: 3,
};

/** The components that match a filter, worst status first, so that a truncated list shows the important ones. */
export function selectComponents(components: readonly Component[], filter: ComponentFilter): readonly Component[] {
  const text = filter.text.trim().toLowerCase();
  return components
    .filter((component) => (filter.type === '' || component.type === filter.type) && matches(component, text))
    .toSorted((a, b) => severityOf(a) - severityOf(b) || (a.id < b.id ? -1 : 1));
}

const severityOf = ({ health }: Component): number =>
  health.suspect ? Math.min(1, SEVERITY[health.status]) : SEVERITY[health.status];

const matches = ({ id, name, type, health, lifecycle }: Component, text: string): boolean =>
  [id, name, type, health.status, lifecycle].some((field) => field.toLowerCase().includes(text));
