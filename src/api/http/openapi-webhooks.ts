/** The webhooks of the contract: what is sent, for whoever generates a receiver from it. */
import * as z from 'zod';
import { EVENT_TYPES } from '../../core/event/coordinator-event.ts';
import type { App } from './app-env.ts';
import { EVENT_SCHEMAS } from '../schemas/events/cloud-event.ts';
import { EVENT_CATALOGUE } from '../schemas/events/event-catalogue.ts';

const HeadersSchema = z.object({
  'webhook-id': z.string().meta({ description: 'The same at every attempt: act once.' }),
  'webhook-timestamp': z.string().meta({ description: 'Epoch s.' }),
  'webhook-signature': z.string().meta({ description: 'Standard Webhooks 1.0; one for each secret.' }),
});

export function declareWebhooks(app: App): void {
  for (const type of EVENT_TYPES)
    app.openAPIRegistry.registerWebhook({
      method: 'post',
      path: type,
      tags: ['webhooks'],
      summary: EVENT_CATALOGUE[type].summary,
      // Signed, not keyed.
      security: [],
      request: {
        headers: HeadersSchema,
        body: { required: true, content: { 'application/cloudevents+json': { schema: EVENT_SCHEMAS.get(type)! } } },
      },
      responses: {
        '2XX': { description: 'Taken. All else is tried again.' },
        '410': { description: 'Not wanted any more: the webhook is disabled.' },
      },
    });
}
