/**
 * Receiver of webhooks on its own port. Depending on its mode, it accepts, hangs, redirects, returns 410, or does not
 * listen. Keeps accepted requests in order of arrival.
 */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { freePort } from '../../../src/dev/free-port.ts';

type Mode = 'accepts' | 'hangs' | 'redirects' | 'is-gone' | 'is-down';

export interface ReceivedHook {
  readonly headers: Record<string, string>;
  /** Raw body. */
  readonly body: string;
}

export class HookReceiver {
  readonly received: ReceivedHook[] = [];
  /** `webhook-id` of every request, accepted or not. */
  readonly requestIds: string[] = [];
  readonly #port: number;
  #manner: Mode;
  #server: Server | null = null;

  private constructor(port: number, mode: Mode) {
    this.#port = port;
    this.#manner = mode;
  }

  static async begin(mode: Mode): Promise<HookReceiver> {
    const receiver = new HookReceiver(await freePort(), mode);
    await receiver.setMode(mode);
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hook`;
  }

  async setMode(mode: Mode): Promise<void> {
    this.#manner = mode;
    if (mode === 'is-down') return this.close();
    if (this.#server) return;
    this.#server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        const headers = request.headers as Record<string, string>;
        this.requestIds.push(headers['webhook-id'] ?? '');
        if (this.#manner === 'hangs') return;
        if (this.#manner === 'redirects') response.writeHead(302, { location: this.url }).end();
        else if (this.#manner === 'is-gone') response.writeHead(410).end();
        else {
          this.received.push({ headers, body });
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
