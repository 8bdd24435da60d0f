/**
 * The control endpoint of all demo components: `POST /control/<id>` with what the coordinator sends,
 * `{ action, componentId, recoveryId, idempotencyKey, reason, parameters }`.
 *
 * Whoever can restart a component must prove to be the coordinator: each call is signed as in Standard
 * Webhooks, with the secret of that component. An unsigned call, one older than five minutes and one
 * signed for another component are answered 401 before anything of them is believed.
 * The same `idempotencyKey` is carried out once: 202 the first time, 200 with the same result after that.
 */
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  createServer,
} from 'node:http';
import { Webhook } from 'standardwebhooks';
import type { ComponentHandle } from './component-handle.ts';
import { readBody } from './read-body.ts';

const RESTART_BOOT_MS = 2_000;

interface Reply {
  readonly status: number;
  readonly body: object;
}

export class Supervisor {
  readonly #components: ReadonlyMap<string, ComponentHandle>;
  /** By component id. */
  readonly #secrets = new Map<string, Webhook>();
  readonly #done = new Map<string, Reply>();
  readonly #server: Server;
  readonly #port: number;

  constructor(components: readonly ComponentHandle[], port: number) {
    this.#components = new Map(components.map((component) => [component.id, component]));
    this.#port = port;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject).listen(this.#port, '127.0.0.1', resolve);
    });
  }

  controlUrl(componentId: string): string {
    return `http://127.0.0.1:${this.#port}/control/${componentId}`;
  }

  /** From now on control calls for the component are taken if they are signed with `secret`. */
  trust(componentId: string, secret: string): void {
    this.#secrets.set(componentId, new Webhook(secret));
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = await this.#reply(request).catch((error: unknown) => refuse(400, String(error)));
    response.writeHead(reply.status, { 'content-type': 'application/json' }).end(JSON.stringify(reply.body));
  }

  async #reply(request: IncomingMessage): Promise<Reply> {
    const id = /^\/control\/([^/?]+)$/.exec(request.url ?? '')?.[1] ?? '';
    const component = this.#components.get(id);
    if (request.method !== 'POST' || !component) return refuse(404, 'no such control endpoint');
    const body = await readBody(request);
    // The signature is of the body as it was sent: it is checked before anybody parses it.
    if (!isSigned(body, request.headers, this.#secrets.get(id)))
      return refuse(401, 'the signature is missing or wrong');
    return this.#carryOut(component, JSON.parse(body) as Order);
  }

  #carryOut(component: ComponentHandle, { action, componentId, idempotencyKey }: Order): Reply {
    const { id } = component;
    if (componentId !== id) return refuse(400, `this is the control endpoint of ${id}`);
    if (typeof idempotencyKey !== 'string' || idempotencyKey === '') return refuse(400, 'idempotencyKey is missing');

    const done = this.#done.get(idempotencyKey);
    if (done) return { status: 200, body: done.body };
    if (action !== 'restart') return refuse(422, `${String(action)} is not an action of ${id}`);
    const reply = { status: 202, body: { accepted: true, action, componentId, idempotencyKey } };
    this.#done.set(idempotencyKey, reply);
    void component.restart(RESTART_BOOT_MS);
    return reply;
  }
}

type Order = Readonly<Record<string, unknown>>;

/** Whether one of its signatures is by the secret, and of the last five minutes. */
function isSigned(body: string, headers: IncomingHttpHeaders, secret: Webhook | undefined): boolean {
  if (!secret) return false;
  try {
    secret.verify(body, headers as Record<string, string>, { jsonParse: false });
    return true;
  } catch {
    return false; // It throws for what it does not accept, and for nothing else.
  }
}

const refuse = (status: number, error: string): Reply => ({ status, body: { error } });
