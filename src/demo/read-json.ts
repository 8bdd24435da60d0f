import type { IncomingMessage } from 'node:http';
import { readBody } from './read-body.ts';

/** The body as a JSON object; throws for any other body. */
export async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const body: unknown = JSON.parse(await readBody(request));
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new Error('not a JSON object');
  return body as Record<string, unknown>;
}
