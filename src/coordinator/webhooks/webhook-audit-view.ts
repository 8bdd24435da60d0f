/** Audit view of a webhook, without its secrets. */
import type { JsonObject } from '../../core/json.ts';
import type { Webhook } from '../../core/webhook/webhook.ts';
import { isEnabled, maskUrl } from '../../core/webhook/webhook.ts';

export const webhookAuditView = (webhook: Webhook): JsonObject => ({
  url: maskUrl(webhook.url),
  format: webhook.format,
  types: [...webhook.types],
  subjects: [...webhook.subjects],
  componentTypes: [...webhook.componentTypes],
  description: webhook.description,
  enabled: isEnabled(webhook),
});
