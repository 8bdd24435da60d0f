/** Receiver of webhooks that accepts every delivery and reports its time. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface EventReceiver {
  readonly url: string;
  close(): void;
}

export async function receiveEvents(take: (subject: string, at: number) => void): Promise<EventReceiver> {
  const server = createServer((request, response) => {
    const at = Date.now();
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      response.writeHead(204).end();
      take((JSON.parse(body) as { readonly subject: string }).subject, at);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/events`, close: () => void server.close() };
}
