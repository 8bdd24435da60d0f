/** The client's webhook calls. */
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

  /** Creates a webhook and returns its secret this once. A call that repeats an `id` returns no secret. */
  create(body: input<typeof WebhookRequestSchema>): Promise<WebhookResource & Partial<Pick<NewWebhook, 'secret'>>> {
    return this.#call('POST', '/v1/webhooks', body);
  }

  /** One page of the webhooks, ordered by id. */
  list(query: { readonly limit?: number; readonly cursor?: string } = {}): Promise<output<typeof WebhookPageSchema>> {
    return this.#get('/v1/webhooks', query);
  }

  get(id: string): Promise<WebhookResource> {
    return this.#get(pathOf(id));
  }

  /** Changes, disables or enables a webhook. */
  change(id: string, body: output<typeof WebhookPatchSchema>): Promise<WebhookResource> {
    return this.#call('PATCH', pathOf(id), body);
  }

  /** Deletes a webhook with its pending deliveries. */
  async remove(id: string): Promise<void> {
    await this.#send({ method: 'DELETE', path: pathOf(id) });
  }

  /** Issues a new secret; for a day, deliveries carry a signature by the old one too. */
  rotateSecret(id: string, body: input<typeof SecretRotationSchema> = {}): Promise<NewWebhook> {
    return this.#call('POST', pathOf(id, '/rotate-secret'), body);
  }

  /** One page of a webhook's sent and pending deliveries, newest first. */
  deliveries(id: string, query: DeliveryListQuery = {}): Promise<output<typeof DeliveryPageSchema>> {
    return this.#get(pathOf(id, '/deliveries'), query);
  }

  /** Sends a delivery again, or a pending one now. */
  replayDelivery(id: string, deliveryId: string): Promise<DeliveryResource> {
    return this.#call('POST', pathOf(id, `/deliveries/${encodeURIComponent(deliveryId)}/replay`));
  }

  /** Resends abandoned deliveries and sends waiting ones now; with `after`, every event in the log after that one. */
  replay(id: string, body: input<typeof ReplayRequestSchema> = {}): Promise<output<typeof ReplayReceiptSchema>> {
    return this.#call('POST', pathOf(id, '/replay'), body);
  }

  /** Sends one test event now and returns the receiver's response. */
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

const pathOf = (id: string, suffix = ''): string => `/v1/webhooks/${encodeURIComponent(id)}${suffix}`;
