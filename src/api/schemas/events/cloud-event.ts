/**
 * An event as callers read it: a CloudEvent, told apart by its `type`, with data of the catalogue.
 *
 * In TypeScript `data` stays free: events grow, and a client older than the coordinator reads them too.
 */
import * as z from 'zod';
import type { EventType } from '../../../core/event/coordinator-event.ts';
import { EVENT_TYPES } from '../../../core/event/coordinator-event.ts';
import { ResponseObjectSchema } from '../../../core/json-schema.ts';
import { TimestampSchema } from '../common.ts';
import { EVENT_CATALOGUE } from './event-catalogue.ts';

const EnvelopeSchema = z.object({
  specversion: z.literal('1.0'),
  id: z.string().meta({ description: 'Equals `sequence`: gapless, ascending.' }),
  sequence: z.string(),
  source: z.string(),
  type: z.enum(EVENT_TYPES),
  subject: z.string(),
  time: TimestampSchema,
  datacontenttype: z.literal('application/json'),
  data: ResponseObjectSchema,
});

export type EventResource = z.infer<typeof EnvelopeSchema>;

/** `component.health-changed` is `ComponentHealthChangedEvent` in the contract. */
const eventSchemaName = (type: EventType): string =>
  `${type
    .split(/[.-]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')}Event`;

const schemaOf = (type: EventType) => {
  const { summary, subject, data } = EVENT_CATALOGUE[type];
  return EnvelopeSchema.extend({
    type: z.literal(type),
    subject: z.string().meta({ description: `Names ${subject}.` }),
    data,
  }).meta({ id: eventSchemaName(type), description: summary });
};

const schemas = EVENT_TYPES.map((type) => [type, schemaOf(type)] as const);

/** By type. */
export const EVENT_SCHEMAS: ReadonlyMap<EventType, z.ZodType> = new Map(schemas);

const [first, ...others] = schemas.map(([, schema]) => schema);

export const EventSchema = z.discriminatedUnion('type', [first!, ...others]).meta({
  id: 'Event',
  description: 'CloudEvents 1.0. Ignore members of `data` that you do not know.',
}) as unknown as z.ZodType<EventResource>;
