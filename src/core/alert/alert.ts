/** An incident as people are told of it, whatever the service that tells them. */
import type { Severity } from '../incident/silence.ts';

export interface Alert {
  readonly kind: 'opened' | 'repeated' | 'acknowledged' | 'resolved';
  readonly incidentId: string;
  readonly severity: Severity;
  readonly title: string;
  readonly summary: string;
  readonly componentId: string;
  readonly componentType: string | null;
  readonly failureType: string | null;
  /** Recoveries that failed since it was opened. */
  readonly repeats: number;
  /** Of the incident on the page, or its path in the API. */
  readonly link: string;
  /** Epoch ms. */
  readonly openedAt: number;
  readonly at: number;
}

/** As much of a text as a service takes. */
export const clipped = (text: string, characters: number): string =>
  text.length <= characters ? text : `${text.slice(0, characters - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;

export const isAbsolute = (link: string): boolean => /^https?:\/\//.test(link);
