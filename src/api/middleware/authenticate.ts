/**
 * Who calls: the key in the Authorization header, or the session of a page that was opened with one. A
 * header decides alone when there is one.
 */
import type { Context } from 'hono';
import type { AppEnv } from '../app-env.ts';
import type { Guard } from '../guard.ts';
import type { Checked, KeyRefusal } from '../check-key.ts';
import { checkKey, checkSession } from '../check-key.ts';
import type { Failure, Result } from '../../core/result.ts';
import { fail } from '../../core/result.ts';
import { problemResponse, refusal } from '../problem.ts';
import { clearCookie, isFromOurPage, readSession } from '../session.ts';
import { tooManyRefusals } from './rate-limit.ts';

export const authenticate: Guard = (c) => {
  const header = c.req.header('authorization');
  const checked = header === undefined ? bySession(c) : byKey(c, header);
  return checked instanceof Promise ? checked.then((later) => admit(c, later)) : admit(c, checked);
};

function admit(c: Context<AppEnv>, checked: Result<Checked, Refusal>): null | Promise<Response> {
  if (!checked.ok) return refuse(c, checked);
  c.set('principal', checked.value.principal);
  c.set('keyDigest', checked.value.digest);
  return null;
}

type Refusal = KeyRefusal | 'csrf-token-required';

const NO_KEY = fail('unauthorized', 'send Authorization: Bearer <key>');

function byKey(c: Context<AppEnv>, header: string): ReturnType<typeof checkKey> {
  const presented = /^Bearer +(\S+)$/i.exec(header)?.[1] ?? '';
  return checkKey(presented, c.env, (work) => c.executionCtx.waitUntil(work));
}

async function bySession(c: Context<AppEnv>): Promise<Result<Checked, Refusal>> {
  // Says what is missing in the deployment before anything else.
  if (!c.env.COORDINATOR_ADMIN_KEY) return byKey(c, '');
  const session = await readSession(c);
  if (session === undefined) return byKey(c, '');
  const checked = session ? await checkSession(session, c.env, (work) => c.executionCtx.waitUntil(work)) : NO_KEY;
  if (!checked.ok && checked.reason === 'unauthorized') clearCookie(c);
  if (!session || !checked.ok) return checked;
  const changes = c.req.method !== 'GET' && c.req.method !== 'HEAD';
  if (changes && !isFromOurPage(c, session))
    return fail('csrf-token-required', 'with a session, send its token in x-csrf-token, from our own page');
  c.set('session', session);
  return checked;
}

async function refuse(c: Context<AppEnv>, failure: Failure<Refusal>): Promise<Response> {
  if (failure.reason !== 'unauthorized') return refusal(c, failure);
  if (await tooManyRefusals(c))
    return problemResponse(c, 'rate-limited', { detail: 'too many wrong keys from this address' });
  c.header('www-authenticate', 'Bearer');
  return refusal(c, failure);
}
