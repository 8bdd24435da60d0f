/**
 * HTTP server in the test process for any number of components: `/ID/health` returns 200 and is counted by id. The
 * coordinator probes it over real sockets.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HealthTarget {
  readonly url: string;
  /** Number of checks since the start or the last `reset`, by id. */
  readonly checks: ReadonlyMap<string, number>;
  reset(): void;
  close(): Promise<void>;
}

export async function startHealthTarget(): Promise<HealthTarget> {
  const checks = new Map<string, number>();
  const server = createServer((request, response) => {
    const id = (request.url ?? '').split('/')[1] ?? '';
    checks.set(id, (checks.get(id) ?? 0) + 1);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"healthy"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    checks,
    reset: () => checks.clear(),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
