/**
 * Sends requests on a few connections, one at a time on each, and counts the responses. Uses raw sockets: the generator
 * must be far cheaper than the measured code, which shares its two cores.
 */
import type { Socket } from 'node:net';
import { connect } from 'node:net';

export interface Load {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Returns the request that follows a response on its connection; the first one follows null. */
  readonly next: (response: string | null) => PlainRequest;
  readonly connections: number;
  readonly durationMs: number;
}

export interface PlainRequest {
  readonly path: string;
  readonly body: string;
}

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** Responses by status. */
  readonly byStatus: Readonly<Record<string, number>>;
}

export async function sendLoad(load: Load): Promise<LoadResult> {
  const byStatus: Record<string, number> = {};
  const beganAt = performance.now();
  const endsAt = beganAt + load.durationMs;
  const { hostname, port } = new URL(load.url);
  const count = (status: string): void => {
    byStatus[status] = (byStatus[status] ?? 0) + 1;
  };
  const connections = Array.from({ length: load.connections }, () => {
    const socket = connect(Number(port), hostname);
    socket.setNoDelay(true);
    return repeat(socket, (response) => textOf(load, load.next(response)), endsAt, count);
  });
  await Promise.all(connections);
  const requests = Object.values(byStatus).reduce((sum, each) => sum + each, 0);
  return { requests, seconds: (performance.now() - beganAt) / 1_000, byStatus };
}

/** Most loads repeat one request, so its text is built once. */
const texts = new WeakMap<PlainRequest, string>();

function textOf({ url, headers }: Load, request: PlainRequest): string {
  const known = texts.get(request);
  if (known !== undefined) return known;
  const { path, body } = request;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const { host } = new URL(url);
  const text = `POST ${path} HTTP/1.1\r\nhost: ${host}\r\n${lines.join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  texts.set(request, text);
  return text;
}

function repeat(
  socket: Socket,
  next: (response: string | null) => string,
  endsAt: number,
  count: (status: string) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let buffered = '';
    socket.setEncoding('latin1');
    socket.on('connect', () => socket.write(next(null), 'latin1'));
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.on('data', (part: string) => {
      buffered += part;
      const end = endOfResponse(buffered);
      if (end === -1) return;
      count(buffered.slice(9, 12));
      const response = buffered.slice(0, end);
      buffered = buffered.slice(end);
      if (performance.now() >= endsAt) socket.end();
      else socket.write(next(response), 'latin1');
    });
  });
}

/** Index after the first complete response; -1 if incomplete. */
function endOfResponse(text: string): number {
  const headersEnd = text.indexOf('\r\n\r\n');
  if (headersEnd === -1) return -1;
  const length = /content-length: (\d+)/i.exec(text.slice(0, headersEnd))?.[1];
  if (length === undefined) {
    const last = text.indexOf('\r\n0\r\n\r\n', headersEnd);
    return last === -1 ? -1 : last + 7;
  }
  const end = headersEnd + 4 + Number(length);
  return text.length >= end ? end : -1;
}
