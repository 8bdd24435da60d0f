/**
 * A receiver of webhooks on a port of its own, that answers as a test says: well, never, with a redirect, with 410, or not
 * at all because nothing listens. Keeps what it answered with 2xx, in the order in which it came.
 */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { freePort } from '../../../src/dev/free-port.ts';

type Manner = 'takes' | 'hangs' | 'redirects' | 'is-gone' | 'is-down';

export interface Taken {
  readonly headers: Record<string, string>;
  /** As it was sent. */
  readonly body: string;
}

export class HookReceiver {
  readonly taken: Taken[] = [];
  /** `webhook-id` of every request, whatever became of it. */
  readonly asked: string[] = [];
  readonly #port: number;
  #manner: Manner;
  #server: Server | null = null;

  private constructor(port: number, manner: Manner) {
    this.#port = port;
    this.#manner = manner;
  }

  static async begin(manner: Manner): Promise<HookReceiver> {
    const receiver = new HookReceiver(await freePort(), manner);
    await receiver.turn(manner);
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hook`;
  }

  async turn(manner: Manner): Promise<void> {
    this.#manner = manner;
    if (manner === 'is-down') return this.close();
    if (this.#server) return;
    this.#server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        const headers = request.headers as Record<string, string>;
        this.asked.push(headers['webhook-id'] ?? '');
        if (this.#manner === 'hangs') return;
        if (this.#manner === 'redirects') response.writeHead(302, { location: this.url }).end();
        else if (this.#manner === 'is-gone') response.writeHead(410).end();
        else {
          this.taken.push({ headers, body });
          response.writeHead(204).end();
        }
      });
    });
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  close(): void {
    this.#server?.close();
    this.#server?.closeAllConnections();
    this.#server = null;
  }
}
