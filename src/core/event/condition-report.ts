/** The condition of a component in an event, for the components that depend on it. */
import type { LifecycleState } from '../component/lifecycle.ts';
import { isDown } from '../health/effective-status.ts';
import type { HealthStatus } from '../health/health-status.ts';
import type { EventDraft } from './coordinator-event.ts';

export interface ConditionReport {
  readonly id: string;
  /** True if dependants cannot rely on the component. */
  readonly down: boolean;
  /** Revision of its type at that time. */
  readonly revision: number;
}

/** Null if the event carries no component, or reports a removal. */
export function conditionReport({ type, subject, data }: EventDraft): ConditionReport | null {
  if (type === 'component.unregistered') return null;
  // The registry wrote this field as the component's public resource.
  const component = data['component'] as
    | { health: { status: HealthStatus }; lifecycle: LifecycleState; revision: number }
    | undefined;
  if (!component) return null;
  const { health, lifecycle, revision } = component;
  return { id: subject, down: isDown(health.status, lifecycle), revision };
}
