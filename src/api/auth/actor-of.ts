/** The caller as the audit and the event log record it. */
import type { Actor } from '../../core/access/actor.ts';
import type { Call } from '../http/call.ts';

/** Cloudflare sets this header, the caller cannot. Absent when no Cloudflare proxy is in front. */
const addressOf = (c: Call): string | null => c.req.header('cf-connecting-ip') ?? null;

export function actorOf(c: Call): Actor {
  const { keyId, keyName } = c.get('principal');
  return { keyId, keyName, address: addressOf(c), requestId: c.get('requestId') };
}
