/**
 * Index of all webhooks: those created through the API, and the one that the deployment configures
 * (`ALERT_WEBHOOK_URL`). The configured webhook is in no table. Its deliveries are stored, but its status is lost when
 * the object is evicted.
 */
import { firstSecret } from '../../core/component/control-secret.ts';
import type { Webhook } from '../../core/webhook/webhook.ts';
import { BUILT_IN_ID } from '../../core/webhook/webhook.ts';
import type { WebhookStore } from './webhook-store.ts';

type WebhookStatus = Partial<Pick<Webhook, 'state' | 'failingSince' | 'behindAfter' | 'missed' | 'pace'>>;

export class WebhookIndex {
  private readonly store: WebhookStore;
  private builtIn: Webhook | null;

  constructor(store: WebhookStore, configured: { readonly url: string; readonly secret: string } | null) {
    this.store = store;
    this.builtIn = configured && builtInOf(configured.url, configured.secret);
  }

  /** True if the deployment configures a webhook for alerts. */
  get hasBuiltIn(): boolean {
    return this.builtIn !== null;
  }

  all(): readonly Webhook[] {
    return this.builtIn ? [this.builtIn, ...this.store.all()] : this.store.all();
  }

  find(id: string): Webhook | undefined {
    return id === BUILT_IN_ID ? (this.builtIn ?? undefined) : this.store.find(id);
  }

  /**
   * Updates the status of a webhook, and writes only if a value differs. The revision stays: it counts changes by
   * operators.
   */
  updateStatus(id: string, status: WebhookStatus): void {
    const webhook = this.find(id);
    if (!webhook) return;
    const names = Object.keys(status) as (keyof WebhookStatus)[];
    if (names.every((name) => webhook[name] === status[name])) return;
    const next = { ...webhook, ...status };
    if (id === BUILT_IN_ID) this.builtIn = next;
    else this.store.save(next);
  }
}

const builtInOf = (url: string, secret: string): Webhook => ({
  id: BUILT_IN_ID,
  url,
  format: 'cloudevents',
  types: ['incident.opened', 'incident.repeated'],
  subjects: [],
  componentTypes: [],
  description: 'ALERT_WEBHOOK_URL',
  routingKey: null,
  revision: 0,
  secret: firstSecret(secret),
  state: { kind: 'enabled' },
  failingSince: null,
  behindAfter: null,
  missed: 0,
  pace: null,
  createdAt: 0,
  updatedAt: 0,
});
