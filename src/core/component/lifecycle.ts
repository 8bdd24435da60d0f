/**
 * The operated side of a component: what people and recoveries have decided about it.
 * Apart from the observed side (`HealthStatus`); whether it is routable is derived, never stored.
 */
export type LifecycleState = 'active' | 'standby' | 'draining' | 'maintenance' | 'isolated';

export interface Lifecycle {
  readonly state: LifecycleState;
  /** Epoch ms at which the state ends by itself, or null. */
  readonly until: number | null;
}

/** True when the component may be given work as far as its operation is concerned. */
export const acceptsWork = (lifecycle: Lifecycle): boolean => lifecycle.state === 'active';

/** What follows when a lifecycle state reaches its end: draining ends in removal, the others in service. */
export function expireLifecycle(lifecycle: Lifecycle, now: number): 'keep' | 'remove' | 'activate' {
  if (lifecycle.until === null || now < lifecycle.until) return 'keep';
  return lifecycle.state === 'draining' ? 'remove' : 'activate';
}
