/** The caller as those see it who keep a record of what was done. */
import type { Actor } from '../../core/access/actor.ts';
import type { Call } from '../http/call.ts';

/** Set by the platform, not by the caller; absent where there is no platform in front. */
const addressOf = (c: Call): string | null => c.req.header('cf-connecting-ip') ?? null;

export function actorOf(c: Call): Actor {
  const { keyId, keyName } = c.get('principal');
  return { keyId, keyName, address: addressOf(c), requestId: c.get('requestId') };
}
