/**
 * Reads the event log over a WebSocket, as a program would that keeps its place: comes back after a break with the
 * last sequence that it has seen, and acknowledges what it has read.
 */
import type { EventResource } from '../../../src/api/schemas/events/cloud-event.ts';

interface Options {
  readonly baseUrl: string;
  readonly key: string;
  /** Undefined: from now on. */
  readonly after?: number;
  readonly take: (event: EventResource, seenAt: number) => void;
}

const COME_BACK_MS = 100;

export class SocketReader {
  readonly #options: Options;
  #socket: WebSocket | null = null;
  #last: number | undefined;
  #isOver = false;
  /** What came that is no event, by its type. */
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

  /** Cuts the connection: it comes back by itself. */
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
    // Node's takes headers; the type of browsers does not.
    const socket = new WebSocket(`${baseUrl.replace('http', 'ws')}/v1/events/socket${after}`, {
      headers,
    } as unknown as string[]);
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => {
      // Of a connection that was cut nothing counts any more.
      if (this.#socket === socket) this.#take(socket, JSON.parse(String(data)));
    });
    const comeBack = (): void => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      setTimeout(() => {
        if (!this.#isOver && !this.#socket) this.#open();
      }, COME_BACK_MS);
    };
    socket.addEventListener('close', comeBack);
    socket.addEventListener('error', comeBack);
  }

  #take(socket: WebSocket, message: EventResource | { specversion?: undefined; type: string; after?: string }): void {
    if (message.specversion === undefined) {
      this.controls.push(message.type);
      if (message.type !== 'hello') return;
      this.#last ??= Number(message.after);
      return this.#opened();
    }
    this.#last = Number(message.sequence);
    this.#options.take(message, Date.now());
    socket.send(JSON.stringify({ type: 'ack', sequence: message.sequence }));
  }
}
