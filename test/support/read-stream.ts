/** Reads the event stream of the Worker under test. */
import { exports } from 'cloudflare:workers';

export interface Frame {
  readonly id: string | undefined;
  readonly event: string | undefined;
  // oxlint-disable-next-line typescript/no-explicit-any -- a JSON document whose shape the test asserts
  readonly data: any;
}

const worker = exports as unknown as { default: Fetcher };

export class StreamUnderTest {
  readonly response: Response;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #rest = '';

  private constructor(response: Response) {
    this.response = response;
    this.#reader = response.body!.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  }

  static async open(query = '', headers: Record<string, string> = {}): Promise<StreamUnderTest> {
    const sent = { authorization: 'Bearer admin-key-of-the-tests-0123456789abcdef', ...headers };
    return new StreamUnderTest(
      await worker.default.fetch(`https://coordinator.test/v1/events/stream${query}`, { headers: sent }),
    );
  }

  /** The next frame; null when the stream has ended. */
  async next(): Promise<Frame | null> {
    for (;;) {
      const end = this.#rest.indexOf('\n\n');
      if (end >= 0) {
        const block = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 2);
        return frameOf(block);
      }
      const { done, value } = await this.#reader.read();
      if (done) return null;
      this.#rest += this.#decoder.decode(value, { stream: true });
    }
  }

  /** The next `count` events, without frames that only advance the id. */
  async events(count: number): Promise<Frame[]> {
    const events: Frame[] = [];
    while (events.length < count) {
      const frame = await this.next();
      if (!frame) throw new Error(`the stream ended after ${events.length} events`);
      if (frame.data !== undefined) events.push(frame);
    }
    return events;
  }

  close(): Promise<void> {
    return this.#reader.cancel();
  }
}

function frameOf(block: string): Frame {
  const fields = new Map(block.split('\n').map((line) => [line.split(': ')[0], line.slice(line.indexOf(': ') + 2)]));
  const data = fields.get('data');
  return { id: fields.get('id'), event: fields.get('event'), data: data === undefined ? undefined : JSON.parse(data) };
}
