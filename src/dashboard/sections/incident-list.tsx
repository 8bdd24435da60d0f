import type { IncidentResource } from '../../api/schemas/failure.ts';
import { useLinkedIncident } from '../data/use-linked-incident.ts';
import { Panel } from '../parts/panel.tsx';
import { IncidentItem } from './incident-item.tsx';

interface IncidentListProps {
  readonly incidents: readonly IncidentResource[];
  readonly missing: boolean;
}

/**
 * Unresolved incidents: failures that automatic recovery could not fix. The incident that the page's address names is
 * highlighted, and shown even if it is resolved.
 */
export function IncidentList({ incidents, missing }: IncidentListProps) {
  const linked = useLinkedIncident(incidents.map(({ id, status, repeats }) => `${id} ${status} ${repeats}`).join());
  const details = linked?.incident ?? null;
  const isListed = incidents.some(({ id }) => id === details?.id);
  const shown = details && !isListed ? [details, ...incidents] : incidents;
  return (
    <Panel
      title="Open incidents"
      count={incidents.length}
      {...(linked ? {} : { empty: 'No open incidents.' })}
      missing={missing}
    >
      {linked?.errorMessage ? (
        <p class="text-warning px-4 pb-2 text-sm" role="alert">
          {linked.errorMessage}
        </p>
      ) : null}
      <ul class="divide-base-300 divide-y px-4 pb-2">
        {shown.map((incident) => (
          <IncidentItem key={incident.id} incident={incident} details={incident.id === details?.id ? details : null} />
        ))}
      </ul>
    </Panel>
  );
}
