/** Webhooks in the OpenAPI document, from which receivers can be generated. */
import * as z from 'zod';
import { EVENT_TYPES } from '../../core/event/coordinator-event.ts';
import type { App } from './app-env.ts';
import { EVENT_SCHEMAS } from '../schemas/events/cloud-event.ts';
import { EVENT_CATALOGUE } from '../schemas/events/event-catalogue.ts';

const HeadersSchema = z.object({
  'webhook-id': z.string().meta({ description: 'Identical for every attempt of a delivery. Use it to deduplicate.' }),
  'webhook-timestamp': z.string().meta({ description: 'Time of the attempt, epoch seconds.' }),
  'webhook-signature': z.string().meta({ description: 'Standard Webhooks 1.0. One signature per active secret.' }),
});

export function declareWebhooks(app: App): void {
  for (const type of EVENT_TYPES)
    app.openAPIRegistry.registerWebhook({
      method: 'post',
      path: type,
      tags: ['webhooks'],
      summary: EVENT_CATALOGUE[type].summary,
      // Receivers verify the signature; the request carries no API key.
      security: [],
      request: {
        headers: HeadersSchema,
        body: { required: true, content: { 'application/cloudevents+json': { schema: EVENT_SCHEMAS.get(type)! } } },
      },
      responses: {
        '2XX': { description: 'Accepted. Any other status is retried.' },
        '410': { description: 'No longer wanted. The coordinator disables the webhook.' },
      },
    });
}
