/** Reads the event stream over a connection of its own, as cheaply as can be: only when each event came. */
import { request } from 'node:http';

export interface StreamReader {
  /** Whether it still is followed. */
  isOpen(): boolean;
  close(): void;
}

/** Resolves once the stream has begun. */
export function readStream(
  { url, key }: { readonly url: string; readonly key: string },
  take: (subject: string, seenAt: number) => void,
): Promise<StreamReader> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}`, accept: 'text/event-stream' };
    const asked = request(`${url}/v1/events/stream`, { agent: false, headers }, (answer) => {
      if (answer.statusCode !== 200) return reject(new Error(`answered ${answer.statusCode}`));
      let isOpen = true;
      let rest = '';
      answer.setEncoding('utf8');
      answer.on('error', () => undefined);
      answer.on('close', () => (isOpen = false));
      answer.on('data', (text: string) => {
        const seenAt = Date.now();
        const blocks = (rest + text).split('\n\n');
        rest = blocks.pop()!;
        for (const block of blocks) {
          const subject = /"subject":"([^"]*)"/.exec(block)?.[1];
          if (subject !== undefined) take(subject, seenAt);
        }
        resolve({ isOpen: () => isOpen, close: () => asked.destroy() });
      });
      return undefined;
    });
    asked.on('error', reject);
    asked.end();
  });
}
