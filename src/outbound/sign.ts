/**
 * The headers of Standard Webhooks 1.0 (https://www.standardwebhooks.com) for one message: its id, its time and
 * one signature by each secret, so that a receiver verifies while a secret is being exchanged.
 */
import { Webhook } from 'standardwebhooks';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';

export interface Message {
  /** The same at every attempt: the receiver acts once. */
  readonly id: string;
  /** Exactly the body that is sent. */
  readonly payload: string;
  /** `whsec_` and base64, the newest first. */
  readonly secrets: readonly string[];
}

/** The three headers; fails when there is no secret, or one that is none. Names no secret. */
export function sign(message: Message, now: number): Result<Record<string, string>, 'no-usable-secret'> {
  const { id, payload, secrets } = message;
  if (secrets.length === 0) return fail('no-usable-secret', 'there is no secret to sign with');
  const time = new Date(now);
  try {
    const signatures = secrets.map((secret) => new Webhook(secret).sign(id, time, payload));
    return ok({
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now / 1_000)),
      'webhook-signature': signatures.join(' '),
    });
  } catch {
    // The library's message may quote what it could not read.
    return fail('no-usable-secret', 'a secret to sign with is not whsec_ and base64');
  }
}
