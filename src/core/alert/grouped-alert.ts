/** A message about a group of incidents, as a channel receives it. */
import type { AlertRoute, Urgency } from '../incident/alert-route.ts';
import { combineUrgency } from '../incident/alert-route.ts';
import type { Webhook } from '../webhook/webhook.ts';
import { wantsSubject } from '../webhook/wants-event.ts';
import type { Alert } from './alert.ts';

/** A component with an open incident of the group. */
export interface GroupedComponent extends Urgency, AlertRoute {
  readonly componentId: string;
}

export interface GroupedAlert {
  /** The alert as for a single incident. Its `incidentId` is the group's id. */
  readonly alert: Alert;
  /** Incidents that have joined the group, resolved ones included. */
  readonly total: number;
  /** The incidents that are not resolved. */
  readonly members: readonly GroupedComponent[];
}

/** Component ids that a message lists. */
const MAX_LISTED = 10;

/**
 * The alert for one channel, which covers only components that the channel's `subjects` select, and whose alerts are
 * meant for it. Returns null if there is none of them. The caller decides who receives the end of a group.
 */
export function alertForChannel(
  { alert, total, members }: GroupedAlert,
  webhook: Pick<Webhook, 'id' | 'subjects'>,
): Alert | null {
  const selected = members.filter(
    ({ componentId, targets }) =>
      wantsSubject(webhook, componentId) && (targets === null || targets.includes(webhook.id)),
  );
  if (selected.length === 0 && members.length > 0) return null;
  const { severity, priority } = selected.reduce<Urgency>(combineUrgency, selected[0] ?? alert);
  const urgent = { ...alert, severity, priority };
  if (total <= 1) return urgent;
  const isComplete = selected.length === members.length;
  const group = {
    open: selected.length,
    total: isComplete ? total : selected.length,
    componentIds: selected.slice(0, MAX_LISTED).map(({ componentId }) => componentId),
  };
  return { ...urgent, title: titleOf(alert, group.open === 0 ? total : group.open), group };
}

const TITLES: Readonly<Record<Alert['kind'], string>> = {
  opened: 'manual action needed',
  repeated: 'manual action still needed',
  acknowledged: 'incidents acknowledged',
  resolved: 'all incidents resolved',
};

const titleOf = ({ kind, componentType }: Alert, count: number): string =>
  `${count} component${count === 1 ? '' : 's'}${componentType === null ? '' : ` of ${componentType}`}: ${TITLES[kind]}`;
