/**
 * Headers of Standard Webhooks 1.0 (https://www.standardwebhooks.com) for one message: id, time and signatures. The
 * message has one signature per secret, so that receivers can verify it during a secret rotation.
 */
import { Webhook } from 'standardwebhooks';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';

export interface Message {
  /** The same at every attempt, so that the receiver acts only once. */
  readonly id: string;
  /** Exactly the body that is sent. */
  readonly payload: string;
  /** Each secret is `whsec_` followed by base64; newest first. */
  readonly secrets: readonly string[];
}

/** The three headers. Fails if there is no secret or one is malformed; the message never contains a secret. */
export function sign(message: Message, now: number): Result<Record<string, string>, 'no-usable-secret'> {
  const { id, payload, secrets } = message;
  if (secrets.length === 0) return fail('no-usable-secret', 'there is no signing secret');
  const time = new Date(now);
  try {
    const signatures = secrets.map((secret) => new Webhook(secret).sign(id, time, payload));
    return ok({
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now / 1_000)),
      'webhook-signature': signatures.join(' '),
    });
  } catch {
    // The library's message may quote the malformed secret.
    return fail('no-usable-secret', 'a signing secret does not have the Standard Webhooks format');
  }
}
