/** A notification about an incident, independent of the service that delivers it. */
import type { AlertRoute } from '../incident/alert-route.ts';
import type { Severity } from '../incident/silence.ts';

export interface Alert extends AlertRoute {
  readonly kind: 'opened' | 'repeated' | 'acknowledged' | 'resolved';
  readonly incidentId: string;
  readonly severity: Severity;
  readonly title: string;
  readonly summary: string;
  readonly componentId: string;
  readonly componentType: string | null;
  readonly failureType: string | null;
  /** Recoveries that failed since the incident was opened. */
  readonly repeats: number;
  /** URL of the incident in the dashboard, or its path in the API. */
  readonly link: string;
  /** Epoch ms. */
  readonly openedAt: number;
  readonly at: number;
  /** The incidents that the notification is about together; absent for a single one. */
  readonly group?: {
    readonly open: number;
    /** Includes the resolved ones. */
    readonly total: number;
    /** Components of open incidents, the first ten. */
    readonly componentIds: readonly string[];
  };
}

const KINDS: Readonly<Record<string, Alert['kind']>> = {
  'incident.repeated': 'repeated',
  'incident.acknowledged': 'acknowledged',
  'incident.resolved': 'resolved',
};

/** The kind of alert that an incident event causes. */
export const alertKindOf = (eventType: string): Alert['kind'] => KINDS[eventType] ?? 'opened';

/** True for news that only channels with an earlier alert about the incident need. */
export const isFollowUp = ({ kind }: Pick<Alert, 'kind'>): boolean => kind === 'resolved' || kind === 'acknowledged';

/** The text cut to at most `characters`, never within a surrogate pair. */
export const truncate = (text: string, characters: number): string =>
  text.length <= characters ? text : `${text.slice(0, characters - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;

export const isAbsoluteUrl = (link: string): boolean => /^https?:\/\//.test(link);
