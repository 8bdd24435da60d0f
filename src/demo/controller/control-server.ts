/**
 * The HTTP side of a controller: `POST /control/<id>`, or `POST /control` for the component that the body names, with
 * what the coordinator sends (docs/control.md), and `GET /processes`.
 *
 * Whoever can restart a component must prove to be the coordinator: each call is signed as in Standard Webhooks. An
 * unsigned call, one older than five minutes and one signed with another secret are answered 401 before anything of
 * them is believed. The same `idempotencyKey` is carried out once: 202 the first time, 200 with the same
 * body after that. It is written down before it is answered, and answered before it is done.
 */
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { readBody } from '../read-body.ts';
import type { Accepted, Journal } from './journal.ts';

export interface ControlServerOptions {
  readonly port: number;
  readonly journal: Journal;
  /** Those that may sign for a component; for the one that the body names with null. */
  readonly secretsOf: (id: string | null) => readonly string[];
  /** What can be done to a component; undefined when it is not here. */
  readonly actionsOf: (id: string) => readonly string[] | undefined;
  /** Does it. What goes wrong is for the coordinator's checks to notice. */
  readonly carryOut: (order: Accepted) => Promise<void>;
  /** For `GET /processes`. */
  readonly report: () => object;
}

interface Reply {
  readonly status: number;
  readonly body: object;
}

export class ControlServer {
  readonly #options: ControlServerOptions;
  readonly #server: Server;

  constructor(options: ControlServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject).listen(this.#options.port, '127.0.0.1', resolve);
    });
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
    const { method, url = '', headers } = request;
    if (method === 'GET' && url === '/processes') return { status: 200, body: this.#options.report() };
    const path = /^\/control(?:\/([^/?]+))?$/.exec(url);
    const id = path?.[1] ?? null;
    if (method !== 'POST' || !path || (id !== null && !this.#options.actionsOf(id)))
      return refuse(404, 'no such control endpoint');
    const body = await readBody(request);
    // The signature is of the body as it was sent: it is checked before anybody parses it.
    if (!isSigned(body, headers, this.#options.secretsOf(id))) return refuse(401, 'the signature is missing or wrong');
    return this.#take(id, JSON.parse(body) as Readonly<Record<string, unknown>>);
  }

  #take(at: string | null, { action, componentId, idempotencyKey: key }: Readonly<Record<string, unknown>>): Reply {
    const id = at ?? String(componentId);
    if (componentId !== id) return refuse(400, `this is the control endpoint of ${id}`);
    if (typeof key !== 'string' || key === '') return refuse(400, 'idempotencyKey is missing');
    const { journal, actionsOf, carryOut } = this.#options;
    const known = journal.accepted(key);
    if (known) return { status: 200, body: accepted(known) };
    const actions = actionsOf(id);
    if (!actions) return refuse(404, `there is no ${id}`);
    if (typeof action !== 'string' || !actions.includes(action))
      return refuse(422, `${String(action)} is not an action of ${id}`);
    const order = { key, action, id, at: Date.now() };
    journal.accept(order);
    carryOut(order).then(
      () => journal.done(order),
      (error: unknown) => console.error(`${action} of ${id}: ${String(error)}`),
    );
    return { status: 202, body: accepted(order) };
  }
}

const accepted = ({ key, action, id }: Accepted) => ({
  accepted: true,
  action,
  componentId: id,
  idempotencyKey: key,
});

/** Whether one of its signatures is by one of the secrets, and of the last five minutes. */
const isSigned = (body: string, headers: IncomingHttpHeaders, secrets: readonly string[]): boolean =>
  secrets.some((secret) => {
    try {
      new Webhook(secret).verify(body, headers as Record<string, string>, { jsonParse: false });
      return true;
    } catch {
      return false; // It throws for what it does not accept, and for nothing else.
    }
  });

const refuse = (status: number, error: string): Reply => ({ status, body: { error } });
