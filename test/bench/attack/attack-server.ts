/**
 * The outside world of a storm, in one server: components under `/<id>/…`, their control endpoints, and alert channels
 * under `/channel/<name>`.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Mode = 'healthy' | 'down' | 'hanging';

export interface Restart {
  readonly id: string;
  /** Epoch ms. */
  readonly at: number;
  /** Whether the component answered its checks at that moment. */
  readonly answers: boolean;
}

export interface Message {
  readonly text: string;
  readonly status: number;
  /** Epoch ms. */
  readonly at: number;
}

/** Decides the status of a channel's response to its next message. */
export type Channel = (text: string, at: number) => { readonly status: number; readonly retryAfter?: number };

export class AttackServer {
  readonly restarts: Restart[] = [];
  /** Messages that channels received, whatever the response was. */
  readonly messages: Message[] = [];
  readonly #modes = new Map<string, Mode>();
  readonly #channels = new Map<string, Channel>();
  readonly #server: Server = createServer((request, response) => void this.#handle(request, response));

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  url(path: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${path}`;
  }

  set(id: string, mode: Mode): void {
    this.#modes.set(id, mode);
  }

  open(name: string, channel: Channel): string {
    this.#channels.set(name, channel);
    return this.url(`channel/${name}`);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [first = '', second = ''] = (request.url ?? '').slice(1).split('/');
    const text = await readText(request);
    const at = Date.now();
    if (first === 'channel') {
      const { status, retryAfter } = this.#channels.get(second)?.(text, at) ?? { status: 404 };
      this.messages.push({ text, status, at });
      response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }).end();
      return;
    }
    const mode = this.#modes.get(first) ?? 'healthy';
    if (second === 'control') {
      this.restarts.push({ id: first, at, answers: mode === 'healthy' });
      response.writeHead(202).end();
      return;
    }
    // Accepted, without a response.
    if (mode === 'hanging') return;
    const status = mode === 'healthy' ? 200 : 503;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ status: mode === 'healthy' ? 'healthy' : 'unhealthy' }));
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
