/**
 * Parser for messages that a reader sends over its socket; acknowledgements are the only kind. `ping` never gets here,
 * since the platform replies to it.
 */
import * as z from 'zod';

const MAX_MESSAGE_LENGTH = 1_024;

const AckSchema = z.strictObject({ type: z.literal('ack'), sequence: z.string().regex(/^\d{1,15}$/) });

export type SocketMessage =
  | { readonly kind: 'ack'; readonly sequence: number }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'unknown' };

export function readSocketMessage(message: string | ArrayBuffer): SocketMessage {
  const length = typeof message === 'string' ? message.length : message.byteLength;
  if (length > MAX_MESSAGE_LENGTH) return { kind: 'too-large' };
  const ack = AckSchema.safeParse(typeof message === 'string' ? parseJson(message) : null);
  return ack.success ? { kind: 'ack', sequence: Number(ack.data.sequence) } : { kind: 'unknown' };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A message that is not JSON is unknown.
    return null;
  }
}
