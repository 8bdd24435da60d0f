/** Wire resources of webhooks and their deliveries. */
import type { Delivery } from '../../coordinator/contract/delivery-api.ts';
import type { WebhookWithStatus } from '../../coordinator/contract/webhook-api.ts';
import { toControlSecret } from '../../core/component/control-secret.ts';
import { toIso, toIsoOrNull } from '../../core/component/resource.ts';
import { pausedUntil } from '../../core/delivery/channel-pace.ts';
import { BUILT_IN_ID, MASKED, isChannel, isEnabled, maskUrl } from '../../core/webhook/webhook.ts';
import type { Call } from '../http/call.ts';
import type { DeliveryResource, WebhookResource } from '../schemas/webhook.ts';

export function toWebhookResource(c: Call, { webhook, pending, dead }: WebhookWithStatus): WebhookResource {
  const { id, url, state, types, subjects, componentTypes, format, description } = webhook;
  const isShown = !isChannel(webhook) && id !== BUILT_IN_ID && isAdmin(c);
  const isConfigured = id === BUILT_IN_ID;
  return {
    id,
    url: isShown ? url : maskUrl(url),
    format,
    types: [...types],
    subjects: [...subjects],
    componentTypes: [...componentTypes],
    description,
    routingKey: webhook.routingKey && MASKED,
    state: state.kind,
    disabledReason: state.kind === 'disabled' ? state.reason : null,
    disabledAt: state.kind === 'disabled' ? toIso(state.at) : null,
    failingSince: toIsoOrNull(webhook.failingSince),
    pausedUntil: toIsoOrNull(pausedUntil(webhook.pace, Date.now())),
    pending,
    dead,
    behind: webhook.behindAfter !== null,
    missed: webhook.missed,
    configured: isConfigured,
    previousSecretUntil: toIsoOrNull(toControlSecret(webhook.secret, Date.now()).previousUntil),
    createdAt: isConfigured ? null : toIso(webhook.createdAt),
    updatedAt: isConfigured ? null : toIso(webhook.updatedAt),
  };
}

const isAdmin = (c: Call): boolean => c.get('principal').scopes.some(({ kind }) => kind === 'admin');

export function toDeliveryResource(delivery: Delivery, isSending: boolean): DeliveryResource {
  const { id, sequence, type, subject, state, nextAt, attempts, createdAt } = delivery;
  const inProgress = state === 'handed' || state === 'sending';
  return {
    id,
    event: { sequence: String(sequence), type, subject },
    state: inProgress || state === 'waiting' ? 'pending' : state,
    inProgress,
    nextAttemptAt: inProgress || !isSending ? null : toIsoOrNull(nextAt),
    attempts: attempts.map(({ at, ...attempt }) => ({ ...attempt, at: toIso(at) })),
    createdAt: toIso(createdAt),
  };
}

/** Whether the webhook is enabled. Pending deliveries have a next attempt only while it is. */
export const isSending = ({ webhook }: WebhookWithStatus): boolean => isEnabled(webhook);
