/** Repeated check of a stream's reader, by the same key or session as when the stream began. */
import type { Context } from 'hono';
import type { AppEnv } from '../http/app-env.ts';
import { checkKey, checkSession } from './check-key.ts';
import { bearerKeyIn } from './presented-key.ts';
import { readSession } from './session.ts';

/** `allowed`: may still read. `denied`: key or session is no longer valid. `unknown`: keys cannot be read right now. */
export async function recheckCaller(c: Context<AppEnv>): Promise<'allowed' | 'denied' | 'unknown'> {
  const header = c.req.header('authorization');
  const checked = header === undefined ? await checkCookie(c) : await checkKey(bearerKeyIn(header), c);
  if (!checked) return 'denied';
  if (checked.ok) return 'allowed';
  return checked.reason === 'unauthorized' ? 'denied' : 'unknown';
}

async function checkCookie(c: Context<AppEnv>) {
  const session = await readSession(c);
  return session ? checkSession(session, c) : null;
}
