/**
 * Who calls: the key in the Authorization header, or the session of a page that was opened with one. A
 * header decides alone when there is one.
 */
import type { Context } from 'hono';
import type { AppEnv } from '../http/app-env.ts';
import type { Call } from '../http/call.ts';
import type { Checked, KeyRefusal } from '../auth/check-key.ts';
import { checkKey, checkSession } from '../auth/check-key.ts';
import type { Failure, Result } from '../../core/result.ts';
import { fail } from '../../core/result.ts';
import { problemResponse, problemOf } from '../http/problem.ts';
import { clearCookie, isFromOurPage, readSession } from '../auth/session.ts';
import { tooManyRefusals } from './rate-limit.ts';
import { bearerKeyIn } from '../auth/presented-key.ts';

type Refused = Promise<Response | null> | null;

export function authenticate(c: Context<AppEnv>): Refused {
  const header = c.req.header('authorization');
  return header === undefined
    ? bySession(c).then((checked) => admit(c, checked))
    : authenticateKey(c, bearerKeyIn(header));
}

/** By the key alone; answers at once when that was right before and nothing is out of date. */
export function authenticateKey(c: Call, presented: string): Refused {
  const checked = checkKey(presented, c);
  return checked instanceof Promise ? checked.then((later) => admit(c, later)) : admit(c, checked);
}

function admit(c: Call, checked: Result<Checked, Refusal>): Refused {
  if (!checked.ok) return refuse(c, checked);
  c.set('principal', checked.value.principal);
  c.set('keyDigest', checked.value.digest);
  return null;
}

type Refusal = KeyRefusal | 'csrf-token-required';

const NO_KEY = fail('unauthorized', 'send Authorization: Bearer <key>');

async function bySession(c: Context<AppEnv>): Promise<Result<Checked, Refusal>> {
  // Says what is missing in the deployment before anything else.
  if (!c.env.COORDINATOR_ADMIN_KEY) return checkKey('', c);
  const session = await readSession(c);
  if (session === undefined) return checkKey('', c);
  const checked = session ? await checkSession(session, c) : NO_KEY;
  if (!checked.ok && checked.reason === 'unauthorized') clearCookie(c);
  if (!session || !checked.ok) return checked;
  const changes = c.req.method !== 'GET' && c.req.method !== 'HEAD';
  if (changes && !isFromOurPage(c, session))
    return fail('csrf-token-required', 'with a session, send its token in x-csrf-token, from our own page');
  c.set('session', session);
  return checked;
}

async function refuse(c: Call, failure: Failure<Refusal>): Promise<Response> {
  if (failure.reason !== 'unauthorized') return problemOf(c, failure);
  if (await tooManyRefusals(c))
    return problemResponse(c, 'rate-limited', { detail: 'too many wrong keys from this address' });
  c.header('www-authenticate', 'Bearer');
  return problemOf(c, failure);
}
