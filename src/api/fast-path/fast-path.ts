/**
 * Fast path for the two calls that clients make per unit of work: route and lease completion. Skips Hono, whose
 * context, middleware chain and validators cost more than the calls themselves.
 *
 * The fast path serves only plain calls: bearer key, JSON, no compression, no Origin header where CORS is on. Any other
 * call goes to Hono with its body unread.
 *
 * Invariant: the guards and their order, and the functions that handle the call, are those of the Hono routes.
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
  return (c, text) => parseAndHandle(c, CompletionSchema, text, (completion) => completeLease(c, leaseId, completion));
}

const handleRoute: BodyHandler = (c, text) =>
  parseAndHandle(c, RouteRequestSchema, text, (request) => route(c, request));

function isPlain(headers: Headers, env: Env): boolean {
  return (
    JSON_TYPE.test(headers.get('content-type') ?? '') &&
    !headers.has('content-encoding') &&
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

function parseAndHandle<T>(
  c: Call,
  schema: ZodType<T>,
  text: string,
  handle: (data: T) => ResponseOrPromise,
): ResponseOrPromise {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return problemResponse(c, 'malformed-json', { detail: 'the body is not valid JSON' });
  }
  const result = schema.safeParse(body);
  return result.success ? handle(result.data) : validationProblem(c, result.error);
}
