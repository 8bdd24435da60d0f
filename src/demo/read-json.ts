import type { IncomingMessage } from 'node:http';

const MAX_BYTES = 64 * 1024;

/** The body as a JSON object; throws when it is none. */
export async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk;
    if (text.length > MAX_BYTES) throw new Error(`body larger than ${MAX_BYTES} characters`);
  }
  const body: unknown = JSON.parse(text);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new Error('not a JSON object');
  return body as Record<string, unknown>;
}
