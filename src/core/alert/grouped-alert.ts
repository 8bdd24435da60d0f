/** A message about a group of incidents, as a channel receives it. */
import type { Webhook } from '../webhook/webhook.ts';
import { wantsSubject } from '../webhook/wants-event.ts';
import type { Alert } from './alert.ts';

export interface GroupedAlert {
  /** The alert as for a single incident. Its `incidentId` is the group's id. */
  readonly alert: Alert;
  /** Incidents that have joined the group, resolved ones included. */
  readonly total: number;
  /** Components of the incidents that are not resolved. */
  readonly componentIds: readonly string[];
}

/** Component ids that a message lists. */
const MAX_LISTED = 10;

/**
 * The alert for one channel, which lists only components that the channel's `subjects` select. Returns null if none of
 * the open ones is selected. The caller decides who receives the end of a group.
 */
export function alertForChannel(
  { alert, total, componentIds }: GroupedAlert,
  webhook: Pick<Webhook, 'subjects'>,
): Alert | null {
  const selected = componentIds.filter((id) => wantsSubject(webhook, id));
  if (selected.length === 0 && componentIds.length > 0) return null;
  if (total <= 1) return alert;
  const isComplete = selected.length === componentIds.length;
  const group = {
    open: selected.length,
    total: isComplete ? total : selected.length,
    componentIds: selected.slice(0, MAX_LISTED),
  };
  return { ...alert, title: titleOf(alert, group.open === 0 ? total : group.open), group };
}

const TITLES: Readonly<Record<Alert['kind'], string>> = {
  opened: 'manual action needed',
  repeated: 'manual action still needed',
  acknowledged: 'incidents acknowledged',
  resolved: 'all incidents resolved',
};

const titleOf = ({ kind, componentType }: Alert, count: number): string =>
  `${count} component${count === 1 ? '' : 's'}${componentType === null ? '' : ` of ${componentType}`}: ${TITLES[kind]}`;
