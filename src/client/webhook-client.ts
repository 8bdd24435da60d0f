/** The calls of the client that are about webhooks. */
import type { input, output } from 'zod';
import type {
  DeliveryPageSchema,
  DeliveryQuerySchema,
  DeliveryResource,
  NewWebhookSchema,
  ReplayReceiptSchema,
  ReplayRequestSchema,
  SecretRotationSchema,
  WebhookPageSchema,
  WebhookPatchSchema,
  WebhookRequestSchema,
  WebhookResource,
  WebhookTestSchema,
} from '../api/schemas/webhook.ts';
import type { Send } from './http-transport.ts';

type NewWebhook = output<typeof NewWebhookSchema>;
type DeliveryListQuery = Partial<Pick<output<typeof DeliveryQuerySchema>, 'state' | 'limit' | 'cursor'>>;

export class WebhookClient {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  /** Makes a webhook. Its secret is not shown again; with an `id` that was used before there is none. */
  create(body: input<typeof WebhookRequestSchema>): Promise<WebhookResource & Partial<Pick<NewWebhook, 'secret'>>> {
    return this.#call('POST', '/v1/webhooks', body);
  }

  /** One page of the webhooks, by id. */
  list(query: { readonly limit?: number; readonly cursor?: string } = {}): Promise<output<typeof WebhookPageSchema>> {
    return this.#get('/v1/webhooks', query);
  }

  get(id: string): Promise<WebhookResource> {
    return this.#get(pathOf(id));
  }

  /** Changes, disables or enables it. */
  change(id: string, body: input<typeof WebhookPatchSchema>): Promise<WebhookResource> {
    return this.#call('PATCH', pathOf(id), body);
  }

  /** Ends it with all that is owed to it. */
  async remove(id: string): Promise<void> {
    await this.#send({ method: 'DELETE', path: pathOf(id) });
  }

  /** Another secret; for a day the one before signs too. */
  rotateSecret(id: string, body: input<typeof SecretRotationSchema> = {}): Promise<NewWebhook> {
    return this.#call('POST', pathOf(id, '/rotate-secret'), body);
  }

  /** One page of what was sent to it and is owed to it, newest first. */
  deliveries(id: string, query: DeliveryListQuery = {}): Promise<output<typeof DeliveryPageSchema>> {
    return this.#get(pathOf(id, '/deliveries'), query);
  }

  /** Sends one delivery again, or now. */
  replayDelivery(id: string, deliveryId: string): Promise<DeliveryResource> {
    return this.#call('POST', pathOf(id, `/deliveries/${encodeURIComponent(deliveryId)}/replay`));
  }

  /** Sends again what was given up, and now what waits; with `after` all events of the log after that one. */
  replay(id: string, body: input<typeof ReplayRequestSchema> = {}): Promise<output<typeof ReplayReceiptSchema>> {
    return this.#call('POST', pathOf(id, '/replay'), body);
  }

  /** Sends a test now, once, and answers what the receiver said. */
  test(id: string): Promise<output<typeof WebhookTestSchema>> {
    return this.#call('POST', pathOf(id, '/test'));
  }

  async #get<T>(path: string, query: Readonly<Record<string, string | number | undefined>> = {}): Promise<T> {
    return (await this.#send({ path, query })).body as T;
  }

  async #call<T>(method: 'POST' | 'PATCH', path: string, body?: unknown): Promise<T> {
    return (await this.#send({ method, path, ...(body === undefined ? {} : { body }) })).body as T;
  }
}

const pathOf = (id: string, rest = ''): string => `/v1/webhooks/${encodeURIComponent(id)}${rest}`;
