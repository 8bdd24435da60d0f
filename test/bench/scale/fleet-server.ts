/** Health endpoints of many components on several ports, so that no host's budget limits them. Counts the checks. */
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';

export type FleetMode = 'healthy' | '503' | 'hang';

export class FleetServer {
  mode: FleetMode = 'healthy';
  /** Checks that have arrived so far. */
  checks = 0;
  readonly #servers: Server[];

  constructor(ports: number) {
    this.#servers = Array.from({ length: ports }, () =>
      createServer((_, response) => {
        this.checks++;
        if (this.mode === 'hang') return;
        const status = this.mode === 'healthy' ? 200 : 503;
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ status: status === 200 ? 'healthy' : 'unhealthy' }));
      }),
    );
  }

  async listen(): Promise<void> {
    for (const server of this.#servers)
      await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 2_048 }, resolve));
  }

  /** URL of the component with this number. */
  urlOf(at: number): string {
    const { port } = this.#servers[at % this.#servers.length]!.address() as AddressInfo;
    return `http://127.0.0.1:${port}/c${at}`;
  }

  /** Open connections of all ports. */
  async openConnections(): Promise<number> {
    const counts = this.#servers.map((server) => promisify(server.getConnections.bind(server))());
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  close(): void {
    for (const server of this.#servers) {
      server.close();
      server.closeAllConnections();
    }
  }
}
