/** The wire form of a logged event: CloudEvents 1.0 in JSON. */
import type { JsonObject } from '../json.ts';
import type { EventType, LoggedEvent } from './coordinator-event.ts';

export interface CloudEvent {
  readonly specversion: '1.0';
  /** Equals `sequence`. */
  readonly id: string;
  readonly sequence: string;
  readonly source: string;
  readonly type: EventType;
  readonly subject: string;
  /** ISO 8601. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: JsonObject;
}

const SOURCE = '/arbiter-coordinator';

export const toCloudEvent = (event: LoggedEvent): CloudEvent => ({
  specversion: '1.0',
  id: String(event.sequence),
  sequence: String(event.sequence),
  source: SOURCE,
  type: event.type,
  subject: event.subject,
  time: new Date(event.time).toISOString(),
  datacontenttype: 'application/json',
  data: event.data,
});
