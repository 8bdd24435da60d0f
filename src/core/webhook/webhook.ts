/** Webhook: a receiver of events or alerts, with its filter, format and state. */
import type { StoredControlSecret } from '../component/control-secret.ts';
import type { ChannelPace } from '../delivery/channel-pace.ts';

/** `cloudevents` receives events as logged; the other formats receive incidents as alerts. */
export const WEBHOOK_FORMATS = ['cloudevents', 'slack', 'pagerduty', 'alertmanager'] as const;
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number];

export const WEBHOOK_ID = {
  pattern: /^[a-z0-9][a-z0-9_-]{0,63}$/,
  description: '1 to 64 of a-z, 0-9, "_", "-", beginning with a letter or digit',
} as const;

export interface WebhookSettings {
  readonly url: string;
  readonly format: WebhookFormat;
  /** Event types; a trailing star matches any rest: `incident.*`, `*`. */
  readonly types: readonly string[];
  /** Subjects of accepted events; a trailing star matches any rest. Empty for all. */
  readonly subjects: readonly string[];
  /** Component types of accepted events; empty for all. */
  readonly componentTypes: readonly string[];
  readonly description: string;
  /** PagerDuty integration key; null for other formats. */
  readonly routingKey: string | null;
}

/** Cause of the disabled state: an operator; HTTP 410 from the receiver; failures alone for days. */
export type DisabledReason = 'operator' | 'gone' | 'failing';

export type WebhookState =
  | { readonly kind: 'enabled' }
  | { readonly kind: 'disabled'; readonly reason: DisabledReason; readonly at: number };

export interface Webhook extends WebhookSettings {
  readonly id: string;
  /** Increases with every change by an operator; serves as the ETag. */
  readonly revision: number;
  readonly secret: StoredControlSecret;
  readonly state: WebhookState;
  /** Epoch ms since when every attempt has failed; null if the last one succeeded. */
  readonly failingSince: number | null;
  /** Sequence of the log after which events are not queued yet; null if all are. */
  readonly behindAfter: number | null;
  /** Number of missed events: no longer in the log, or without capacity in the delivery queue. */
  readonly missed: number;
  /** The pace that the receiver requested by 429 or `Retry-After`; null without one. */
  readonly pace: ChannelPace | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export const MAX_WEBHOOKS = 50;
/** Pending deliveries of one webhook. Further events wait in the log until capacity is free. */
export const MAX_PENDING = 5_000;
/** A webhook is disabled after failing for this long without a success. */
export const GIVE_UP_AFTER_MS = 5 * 86_400_000;

/** Webhook of `ALERT_WEBHOOK_URL`: defined by the deployment, not created by an operator, and never disabled. */
export const BUILT_IN_ID = 'alerts';

export const isChannel = ({ format }: Pick<Webhook, 'format'>): boolean => format !== 'cloudevents';

/** Formats whose messages people read: they receive one message for a group of incidents. */
export const isGrouped = ({ format }: Pick<Webhook, 'format'>): boolean => format === 'slack' || format === 'pagerduty';

export const isEnabled = ({ state }: Pick<Webhook, 'state'>): boolean => state.kind === 'enabled';

export const givesUp = (failingSince: number, now: number): boolean => now - failingSince >= GIVE_UP_AFTER_MS;

/** Stands in responses for a value that is a secret. */
export const MASKED = '***';

/** Returns scheme and host only: paths of chat services are secrets. */
export function maskUrl(url: string): string {
  const parsed = URL.parse(url);
  return parsed ? `${parsed.origin}/${MASKED}` : MASKED;
}

/** The settings of a change without masked values: a caller that sends one back keeps the stored value. */
export function withoutMasked(
  { url, routingKey, ...settings }: Partial<WebhookSettings>,
  stored: WebhookSettings,
): Partial<WebhookSettings> {
  return {
    ...settings,
    ...(url === undefined || url === maskUrl(stored.url) ? {} : { url }),
    ...(routingKey === undefined || (routingKey === MASKED && stored.routingKey !== null) ? {} : { routingKey }),
  };
}
