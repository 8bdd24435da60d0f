/** Reads the event stream over its own connection at minimal cost: only subjects and arrival times. */
import { request } from 'node:http';

export interface StreamReader {
  /** Whether the stream is still open. */
  isOpen(): boolean;
  close(): void;
}

/** Resolves when the stream has begun. */
export function readStream(
  { url, key }: { readonly url: string; readonly key: string },
  onEvent: (subject: string, seenAt: number) => void,
): Promise<StreamReader> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}`, accept: 'text/event-stream' };
    const call = request(`${url}/v1/events/stream`, { agent: false, headers }, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`answered ${response.statusCode}`));
      let isOpen = true;
      let rest = '';
      response.setEncoding('utf8');
      response.on('error', () => undefined);
      response.on('close', () => (isOpen = false));
      response.on('data', (text: string) => {
        const seenAt = Date.now();
        const blocks = (rest + text).split('\n\n');
        rest = blocks.pop()!;
        for (const block of blocks) {
          const subject = /"subject":"([^"]*)"/.exec(block)?.[1];
          if (subject !== undefined) onEvent(subject, seenAt);
        }
        resolve({ isOpen: () => isOpen, close: () => call.destroy() });
      });
      return undefined;
    });
    call.on('error', reject);
    call.end();
  });
}
