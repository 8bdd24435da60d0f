/**
 * Wire schema of events: CloudEvents, discriminated by `type`, with `data` from the catalogue. The TypeScript type of
 * `data` is open: events gain fields, and a client may be older than the coordinator.
 */
import * as z from 'zod';
import type { EventType } from '../../../core/event/coordinator-event.ts';
import { EVENT_TYPES } from '../../../core/event/coordinator-event.ts';
import { ResponseObjectSchema } from '../../../core/json-schema.ts';
import { TimestampSchema } from '../common.ts';
import { EVENT_CATALOGUE } from './event-catalogue.ts';

const EnvelopeSchema = z.object({
  specversion: z.literal('1.0'),
  id: z.string().meta({ description: 'Equals `sequence`: ascending without gaps.' }),
  sequence: z.string(),
  source: z.string(),
  type: z.enum(EVENT_TYPES),
  subject: z.string(),
  time: TimestampSchema,
  datacontenttype: z.literal('application/json'),
  data: ResponseObjectSchema,
});

export type EventResource = z.infer<typeof EnvelopeSchema>;

/** Schema name in the contract: `component.health-changed` becomes `ComponentHealthChangedEvent`. */
const eventSchemaName = (type: EventType): string =>
  `${type
    .split(/[.-]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')}Event`;

const schemaOf = (type: EventType) => {
  const { summary, subject, data } = EVENT_CATALOGUE[type];
  return EnvelopeSchema.extend({
    type: z.literal(type),
    subject: z.string().meta({ description: `Id of ${subject}.` }),
    data,
  }).meta({ id: eventSchemaName(type), description: summary });
};

const schemas = EVENT_TYPES.map((type) => [type, schemaOf(type)] as const);

export const EVENT_SCHEMAS: ReadonlyMap<EventType, z.ZodType> = new Map(schemas);

const [first, ...others] = schemas.map(([, schema]) => schema);

export const EventSchema = z.discriminatedUnion('type', [first!, ...others]).meta({
  id: 'Event',
  description: 'CloudEvents 1.0. Readers must ignore unknown members of `data`.',
}) as unknown as z.ZodType<EventResource>;
