/** A webhook: where events or alerts are sent, which of them, in which form, and how it stands. */
import type { StoredControlSecret } from '../component/control-secret.ts';

/** `cloudevents` gets events as they are logged, the others get incidents as alerts. */
export const WEBHOOK_FORMATS = ['cloudevents', 'slack', 'pagerduty', 'alertmanager'] as const;
export type WebhookFormat = (typeof WEBHOOK_FORMATS)[number];

export interface WebhookSettings {
  readonly url: string;
  readonly format: WebhookFormat;
  /** Event types, also with a star at the end: `incident.*`, `*`. */
  readonly types: readonly string[];
  /** Only events about these, also with a star at the end; empty for all. */
  readonly subjects: readonly string[];
  /** Only events about components of these types; empty for all. */
  readonly componentTypes: readonly string[];
  readonly description: string;
  /** PagerDuty's integration key; null for other formats. */
  readonly routingKey: string | null;
}

/** Why nothing is sent: people said so; the receiver answered 410; days of nothing but failures. */
export type DisabledReason = 'operator' | 'gone' | 'failing';

export type WebhookState =
  | { readonly kind: 'enabled' }
  | { readonly kind: 'disabled'; readonly reason: DisabledReason; readonly at: number };

export interface Webhook extends WebhookSettings {
  readonly id: string;
  /** Moves with every change that people make; the ETag. */
  readonly revision: number;
  readonly secret: StoredControlSecret;
  readonly state: WebhookState;
  /** Since when every attempt has failed, epoch ms; null when the last one did not. */
  readonly failingSince: number | null;
  /** Events after this sequence are still to be taken from the log; null when it is up to date. */
  readonly behindAfter: number | null;
  /** Events that it missed, because the log did not hold them any more or there was no room. */
  readonly missed: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export const MAX_WEBHOOKS = 50;
/** Deliveries that may be owed to one webhook. Beyond that, events wait in the log and are taken from it as room comes. */
export const MAX_PENDING = 5_000;
/** A webhook that fails for so long without a single success is disabled. */
export const GIVE_UP_AFTER_MS = 5 * 86_400_000;

/** The alerts of `ALERT_WEBHOOK_URL`: a webhook that is configured and not made, and never disabled. */
export const BUILT_IN_ID = 'alerts';

export const isChannel = ({ format }: Pick<Webhook, 'format'>): boolean => format !== 'cloudevents';

export const isEnabled = ({ state }: Pick<Webhook, 'state'>): boolean => state.kind === 'enabled';

export const givesUp = (failingSince: number, now: number): boolean => now - failingSince >= GIVE_UP_AFTER_MS;

/** Scheme and host: paths of chat services are secrets. */
export function maskUrl(url: string): string {
  const parsed = URL.parse(url);
  return parsed ? `${parsed.origin}/***` : '***';
}
