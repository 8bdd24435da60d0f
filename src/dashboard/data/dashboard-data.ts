import type { Component } from '../../api/schemas/component.ts';
import type { IncidentResource, RecoveryResource } from '../../api/schemas/failure.ts';
import type { EventResource } from '../../api/schemas/events/cloud-event.ts';
import type { SystemHealthResource } from '../../api/schemas/system.ts';

/** Everything the page shows, as returned by one round of calls. */
export interface DashboardData {
  readonly health: SystemHealthResource;
  /** At most `MAX_COMPONENTS`; `health.components.total` counts all. */
  readonly components: readonly Component[];
  readonly recoveries: readonly RecoveryResource[];
  readonly incidents: readonly IncidentResource[];
  /** Newest first. */
  readonly events: readonly EventResource[];
  /** Parts that this round could not fetch; their values come from an earlier round. */
  readonly missing: readonly DashboardPart[];
}

export type DashboardPart = 'components' | 'recoveries' | 'incidents' | 'events';
