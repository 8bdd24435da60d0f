import type { IncomingMessage } from 'node:http';

const MAX_BYTES = 64 * 1024;

/** The body as UTF-8 text, unparsed; throws when it is too large. */
export async function readBody(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > MAX_BYTES) throw new Error(`body larger than ${MAX_BYTES} characters`);
  }
  return text;
}
