/**
 * The calls that a fleet makes for every piece of work, past Hono: its context, its chain of middleware and
 * its validators cost more than all that these calls need. They pass the same guards in the same order, and
 * are answered by the same functions as their routes.
 *
 * Only the plainest calls are taken: a key, JSON, no compression, no page of another origin. Any
 * other has its body untouched and goes the way of every call.
 */
import type { ZodType } from 'zod';
import { completeLease } from '../use-cases/complete-lease.ts';
import { errorResponse } from '../http/error-response.ts';
import { route } from '../use-cases/route.ts';
import type { Call } from '../http/call.ts';
import { authenticateKey } from '../middleware/authenticate.ts';
import { bearerKeyIn } from '../auth/presented-key.ts';
import { allow } from '../middleware/authorize.ts';
import { rateLimitAddress, rateLimitKey } from '../middleware/rate-limit.ts';
import { readText } from '../middleware/read-body.ts';
import { LEASE_ID_PATTERN } from '../../core/lease/lease-id.ts';
import { PlainCall, PlainRequest } from './plain-call.ts';
import { problemResponse, validationProblem } from '../http/problem.ts';
import { CompletionSchema } from '../schemas/lease.ts';
import { RouteRequestSchema } from '../schemas/route.ts';

type Answer = Response | Promise<Response>;

/** Answers a call whose body was taken in. */
type Answering = (c: Call, text: string) => Answer;

const ROUTE = '/v1/route';
const COMPLETION = /^\/v1\/leases\/([^/]+)\/complete$/;
const JSON_TYPE = /^application\/json(?:;|$)/i;

/** Null for a call that is not of this lane. */
export function fastPath(request: Request, env: Env, context: ExecutionContext): Answer | null {
  const { url } = request;
  const path = url.slice(url.indexOf('/', url.indexOf(':') + 3));
  const answering = answeringOf(path);
  if (!answering || request.method !== 'POST') return null;
  const { headers } = request;
  const authorization = headers.get('authorization');
  if (authorization === null || !isPlain(headers, env)) return null;
  const call = new PlainCall(new PlainRequest(request, headers, url, path), env, context);
  return answeredAnyway(call, () => enter(call, bearerKeyIn(authorization), answering));
}

/** The answer, also when something throws on the way to it. */
function answeredAnyway(c: Call, answer: () => Answer): Answer {
  try {
    const answered = answer();
    return answered instanceof Response ? answered : answered.catch((error: unknown) => errorResponse(c, error));
  } catch (error) {
    return errorResponse(c, error);
  }
}

function answeringOf(path: string): Answering | null {
  if (path === ROUTE) return routed;
  const leaseId = COMPLETION.exec(path)?.[1];
  if (leaseId === undefined || !LEASE_ID_PATTERN.test(leaseId)) return null;
  return (c, text) => parsed(c, CompletionSchema, text, (told) => completeLease(c, leaseId, told));
}

const routed: Answering = (c, text) => parsed(c, RouteRequestSchema, text, (asked) => route(c, asked));

function isPlain(headers: Headers, env: Env): boolean {
  return (
    JSON_TYPE.test(headers.get('content-type') ?? '') &&
    !headers.has('content-encoding') &&
    !(env.CORS_ORIGINS && headers.has('origin'))
  );
}

function enter(c: Call, presented: string, answering: Answering): Answer {
  const unknown = authenticateKey(c, presented);
  return unknown ? unknown.then((refused) => refused ?? goOn(c, presented, answering)) : goOn(c, presented, answering);
}

/** Of the promises that a call waits for there are no more than must be: each costs as much as a decision. */
function goOn(c: Call, presented: string, answering: Answering): Answer {
  const refused = rateLimitKey(c) ?? allow(c, 'route') ?? rateLimitAddress(c);
  if (refused) return refused;
  return readText(c, {
    checkAgain: () => authenticateKey(c, presented),
    use: (text) => answering(c, text ?? ''),
  });
}

function parsed<T>(c: Call, schema: ZodType<T>, text: string, answer: (data: T) => Answer): Answer {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return problemResponse(c, 'malformed-json', { detail: 'the body cannot be parsed as JSON' });
  }
  const result = schema.safeParse(body);
  return result.success ? answer(result.data) : validationProblem(c, result.error);
}
