/** Whether whoever reads a stream may still read: its key, or its session, is checked as it was when it came. */
import type { Context } from 'hono';
import type { AppEnv } from '../http/app-env.ts';
import { checkKey, checkSession } from './check-key.ts';
import { bearerKeyIn } from './presented-key.ts';
import { readSession } from './session.ts';

/** `unknown` when nobody can say right now. */
export async function recheckCaller(c: Context<AppEnv>): Promise<'in' | 'out' | 'unknown'> {
  const header = c.req.header('authorization');
  const checked = header === undefined ? await checkCookie(c) : await checkKey(bearerKeyIn(header), c);
  if (!checked) return 'out';
  if (checked.ok) return 'in';
  return checked.reason === 'unauthorized' ? 'out' : 'unknown';
}

async function checkCookie(c: Context<AppEnv>) {
  const session = await readSession(c);
  return session ? checkSession(session, c) : null;
}
