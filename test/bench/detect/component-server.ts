/**
 * Many components in one server, each under its own path: some healthy, some set to respond with 503, some that never
 * respond.
 */
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export class ComponentServer {
  readonly #sick = new Set<string>();
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      const id = request.url?.split('/')[1] ?? '';
      // Accepted, without a response.
      if (id.startsWith('hanging-')) return;
      const status = this.#sick.has(id) ? 503 : 200;
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ status: status === 200 ? 'healthy' : 'unhealthy' }));
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  urlOf(id: string): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/${id}`;
  }

  fallSick(id: string): void {
    this.#sick.add(id);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
