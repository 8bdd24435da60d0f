/** A chat channel that accepts every alert, and counts them. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export class AlertReceiver {
  received = 0;
  readonly #server = createServer((request, response) => {
    this.received++;
    request.resume();
    response.end('ok');
  });

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/alerts`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
