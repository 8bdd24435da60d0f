/**
 * The targets of an alert, or null for every channel. A target that cannot receive the alert must not hide it: if one
 * is deleted, disabled, no channel, or selects other components, every channel receives the alert.
 */
import type { AlertRoute } from '../incident/alert-route.ts';
import type { Webhook } from '../webhook/webhook.ts';
import { BUILT_IN_ID, isChannel, isEnabled } from '../webhook/webhook.ts';
import { wantsEvent } from '../webhook/wants-event.ts';

interface AlertedComponent {
  readonly componentId: string;
  readonly componentType: string | null;
}

export function reachableTargets(
  targets: AlertRoute['targets'],
  component: AlertedComponent,
  webhooks: readonly Webhook[],
): AlertRoute['targets'] {
  const isReachable = (target: string): boolean =>
    webhooks.some((webhook) => webhook.id === target && canAlert(webhook, component));
  return targets?.every(isReachable) ? targets : null;
}

/** Ignores the event types of the channel, which select its alerts by occasion and not by component. */
const canAlert = (webhook: Webhook, { componentId, componentType }: AlertedComponent): boolean =>
  (isChannel(webhook) || webhook.id === BUILT_IN_ID) &&
  isEnabled(webhook) &&
  wantsEvent({ ...webhook, types: ['*'] }, { type: 'incident.opened', subject: componentId }, componentType);
