/**
 * Components in one server, each under its own path. The control endpoint acts like a correct controller: one restart
 * per idempotency key, however often it is called.
 */
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const BOOT_MS = 500;

export class RestartingServer {
  /** Calls by idempotency key. */
  readonly calls = new Map<string, number>();
  /** Executed restarts by component. */
  readonly restarts = new Map<string, number>();
  /** Refuses every control call. */
  isBroken = false;
  /** Called at the beginning of a restart, before the response to its call. */
  onRestart: (id: string) => Promise<void> | void = () => undefined;
  readonly #sick = new Set<string>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen(): Promise<RestartingServer> {
    const server = createServer((request, response) => {
      void (async () => {
        const [, id = '', what = ''] = (request.url ?? '').split('/');
        if (what !== 'control') return response.writeHead(self.#sick.has(id) ? 503 : 200).end();
        let text = '';
        for await (const chunk of request) text += String(chunk);
        if (self.isBroken) return response.writeHead(500).end();
        const { idempotencyKey } = JSON.parse(text) as { idempotencyKey: string };
        await self.#restart(id, idempotencyKey);
        return response.writeHead(202).end();
      })();
    });
    const self = new RestartingServer(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return self;
  }

  urlOf(id: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${id}`;
  }

  fallSick(id: string): void {
    this.#sick.add(id);
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #restart(id: string, key: string): Promise<void> {
    const calls = (this.calls.get(key) ?? 0) + 1;
    this.calls.set(key, calls);
    if (calls > 1) return;
    this.restarts.set(id, (this.restarts.get(id) ?? 0) + 1);
    setTimeout(() => this.#sick.delete(id), BOOT_MS);
    await this.onRestart(id);
  }
}
