/** What an event tells of how a component stands, for those that depend on it. */
import type { LifecycleState } from '../component/lifecycle.ts';
import { isDown } from '../health/effective-status.ts';
import type { HealthStatus } from '../health/health-status.ts';
import type { EventDraft } from './coordinator-event.ts';

export interface ConditionReport {
  readonly id: string;
  /** Nobody can rely on it. */
  readonly down: boolean;
  /** Of its type, when it was so. */
  readonly revision: number;
}

/** Null when the event carries no component, or its removal. */
export function conditionReport({ type, subject, data }: EventDraft): ConditionReport | null {
  if (type === 'component.unregistered') return null;
  // Written by a registry, as its resource.
  const component = data['component'] as
    | { health: { status: HealthStatus }; lifecycle: LifecycleState; revision: number }
    | undefined;
  if (!component) return null;
  const { health, lifecycle, revision } = component;
  return { id: subject, down: isDown(health.status, lifecycle), revision };
}
