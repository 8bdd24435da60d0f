/**
 * Reads the event log over a WebSocket like a program that keeps its position. Reconnects after a break with the last
 * seen sequence, and acknowledges every event.
 */
import type { EventResource } from '../../../src/api/schemas/events/cloud-event.ts';

interface Options {
  readonly baseUrl: string;
  readonly key: string;
  /** Undefined to read from now on. */
  readonly after?: number;
  readonly onEvent: (event: EventResource, seenAt: number) => void;
}

const RECONNECT_MS = 100;

export class SocketReader {
  readonly #options: Options;
  #socket: WebSocket | null = null;
  #last: number | undefined;
  #isOver = false;
  /** Types of the received control messages. */
  readonly controls: string[] = [];
  readonly isOpen: Promise<void>;
  #opened: () => void = () => undefined;

  constructor(options: Options) {
    this.#options = options;
    this.#last = options.after;
    this.isOpen = new Promise((resolve) => {
      this.#opened = resolve;
    });
    this.#open();
  }

  /** Closes the connection; the reader reconnects. */
  cut(): void {
    this.#leave();
    this.#open();
  }

  stop(): void {
    this.#isOver = true;
    this.#leave();
  }

  #leave(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #open(): void {
    const { baseUrl, key } = this.#options;
    const after = this.#last === undefined ? '' : `?after=${this.#last}`;
    const headers = { authorization: `Bearer ${key}` };
    // WebSocket in Node accepts headers; the browser's type does not.
    const socket = new WebSocket(`${baseUrl.replace('http', 'ws')}/v1/events/socket${after}`, {
      headers,
    } as unknown as string[]);
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      // Messages of a closed connection are ignored.
      if (this.#socket === socket) this.#onMessage(socket, JSON.parse(String(data)));
    });
    const reconnect = (): void => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      setTimeout(() => {
        if (!this.#isOver && !this.#socket) this.#open();
      }, RECONNECT_MS);
    };
    socket.addEventListener('close', reconnect);
    socket.addEventListener('error', reconnect);
  }

  #onMessage(
    socket: WebSocket,
    message: EventResource | { specversion?: undefined; type: string; after?: string },
  ): void {
    if (message.specversion === undefined) {
      this.controls.push(message.type);
      if (message.type !== 'hello') return;
      this.#last ??= Number(message.after);
      return this.#opened();
    }
    this.#last = Number(message.sequence);
    this.#options.onEvent(message, Date.now());
    socket.send(JSON.stringify({ type: 'ack', sequence: message.sequence }));
  }
}
