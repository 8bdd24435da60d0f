/**
 * All webhooks, those that were made and the one that the deployment configures (`ALERT_WEBHOOK_URL`). That one is in no
 * table: how it stands is forgotten with the object, its deliveries are not.
 */
import { firstSecret } from '../../core/component/control-secret.ts';
import type { Webhook } from '../../core/webhook/webhook.ts';
import { BUILT_IN_ID } from '../../core/webhook/webhook.ts';
import type { WebhookStore } from './webhook-store.ts';

type Standing = Partial<Pick<Webhook, 'state' | 'failingSince' | 'behindAfter' | 'missed'>>;

export class WebhookIndex {
  private readonly store: WebhookStore;
  private builtIn: Webhook | null;

  constructor(store: WebhookStore, configured: { readonly url: string; readonly secret: string } | null) {
    this.store = store;
    this.builtIn = configured && builtInOf(configured.url, configured.secret);
  }

  /** Whether the deployment sends its alerts somewhere by itself. */
  get hasBuiltIn(): boolean {
    return this.builtIn !== null;
  }

  all(): readonly Webhook[] {
    return this.builtIn ? [this.builtIn, ...this.store.all()] : this.store.all();
  }

  find(id: string): Webhook | undefined {
    return id === BUILT_IN_ID ? (this.builtIn ?? undefined) : this.store.find(id);
  }

  /** How it stands now; writes only what differs. Its revision is for what people change. */
  note(id: string, standing: Standing): void {
    const webhook = this.find(id);
    if (!webhook) return;
    const names = Object.keys(standing) as (keyof Standing)[];
    if (names.every((name) => webhook[name] === standing[name])) return;
    const next = { ...webhook, ...standing };
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
  createdAt: 0,
  updatedAt: 0,
});
