/**
 * Fast path for the two calls that clients make per unit of work: route and lease completion. Skips Hono, whose
 * context, middleware chain and validators cost more than the calls themselves.
 *
 * The fast path serves only plain calls: bearer key, JSON, no compression, no condition, no Origin header where CORS is
 * on. Any other call goes to Hono with its body unread.
 *
 * Invariant: the guards and their order, and the functions that handle the call, are those of the Hono routes.
 */
import { completeLease } from '../use-cases/complete-lease.ts';
import { errorResponse } from '../http/error-response.ts';
import { route } from '../use-cases/route.ts';
import type { Call } from '../http/call.ts';
import { authenticateKey } from '../middleware/authenticate.ts';
import { CONDITIONS } from '../middleware/check-conditions.ts';
import { bearerKeyIn } from '../auth/presented-key.ts';
import { allow } from '../middleware/authorize.ts';
import { rateLimitAddress, rateLimitKey } from '../middleware/rate-limit.ts';
import { readText } from '../middleware/read-body.ts';
import { LEASE_ID_PATTERN } from '../../core/lease/lease-id.ts';
import { readCompletion } from '../../core/vital/work-report.ts';
import { PlainCall, PlainRequest } from './plain-call.ts';
import { problemResponse, validationProblem } from '../http/problem.ts';
import { parseVitalBody } from '../http/vital-body.ts';
import { RouteRequestSchema } from '../schemas/route.ts';

type ResponseOrPromise = Response | Promise<Response>;

/** Responds to a call whose body was read. */
type BodyHandler = (c: Call, text: string) => ResponseOrPromise;

const ROUTE_PATH = '/v1/route';
const COMPLETION_PATH = /^\/v1\/leases\/([^/]+)\/complete$/;
const JSON_TYPE = /^application\/json(?:;|$)/i;

/** The response, or null when Hono must serve the call. */
export function fastPath(request: Request, env: Env, context: ExecutionContext): ResponseOrPromise | null {
  const { url } = request;
  const path = url.slice(url.indexOf('/', url.indexOf(':') + 3));
  const handler = handlerOf(path);
  if (!handler || request.method !== 'POST') return null;
  const { headers } = request;
  const authorization = headers.get('authorization');
  if (authorization === null || !isPlain(headers, env)) return null;
  const call = new PlainCall(new PlainRequest(request, headers, url, path), env, context);
  return withErrorResponse(call, () => authenticateAndHandle(call, bearerKeyIn(authorization), handler));
}

/** The response of `handle`, or an error response when `handle` throws or rejects. */
function withErrorResponse(c: Call, handle: () => ResponseOrPromise): ResponseOrPromise {
  try {
    const response = handle();
    return response instanceof Response ? response : response.catch((error: unknown) => errorResponse(c, error));
  } catch (error) {
    return errorResponse(c, error);
  }
}

function handlerOf(path: string): BodyHandler | null {
  if (path === ROUTE_PATH) return handleRoute;
  const leaseId = COMPLETION_PATH.exec(path)?.[1];
  if (leaseId === undefined || !LEASE_ID_PATTERN.test(leaseId)) return null;
  return (c, text) => {
    const message = parseVitalBody(c, text, readCompletion);
    return message instanceof Response ? message : completeLease(c, leaseId, message);
  };
}

const handleRoute: BodyHandler = (c, text) => {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return problemResponse(c, 'malformed-json', { detail: 'the body is not valid JSON' });
  }
  const result = RouteRequestSchema.safeParse(body);
  return result.success ? route(c, result.data) : validationProblem(c, result.error);
};

function isPlain(headers: Headers, env: Env): boolean {
  return (
    JSON_TYPE.test(headers.get('content-type') ?? '') &&
    !headers.has('content-encoding') &&
    !CONDITIONS.some((name) => headers.has(name)) &&
    !(env.CORS_ORIGINS && headers.has('origin'))
  );
}

function authenticateAndHandle(c: Call, presented: string, handler: BodyHandler): ResponseOrPromise {
  const authenticating = authenticateKey(c, presented);
  return authenticating
    ? authenticating.then((refused) => refused ?? admitAndHandle(c, presented, handler))
    : admitAndHandle(c, presented, handler);
}

/** Avoids every promise that is not needed: each costs as much as a routing decision. */
function admitAndHandle(c: Call, presented: string, handler: BodyHandler): ResponseOrPromise {
  const refused = rateLimitKey(c) ?? allow(c, 'route') ?? rateLimitAddress(c);
  if (refused) return refused;
  return readText(c, {
    reauthenticate: () => authenticateKey(c, presented),
    use: (text) => handler(c, text ?? ''),
  });
}
