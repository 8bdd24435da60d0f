/**
 * Error responses of the API: RFC 9457 problem documents with a stable code.
 *
 * Invariant: only this file maps failure reasons to HTTP status codes.
 */
import type { TypedResponse } from 'hono';
import type { ZodError } from 'zod';
import type { Failure } from '../../core/result.ts';
import type { Call } from './call.ts';
import type { Problem } from '../schemas/common.ts';

const PROBLEMS = {
  'malformed-json': [400, 'The body is not valid JSON'],
  unauthorized: [401, 'A valid key is required'],
  forbidden: [403, 'The key does not permit this call'],
  'csrf-token-required': [403, 'A valid CSRF token is required'],
  'not-found': [404, 'There is no such resource'],
  'unknown-component': [404, 'There is no such component'],
  'unknown-key': [404, 'There is no such key'],
  'unknown-lease': [404, 'There is no such lease'],
  'unknown-request-type': [404, 'No component type serves this request type'],
  'unknown-type': [422, 'There is no such component type'],
  'method-not-allowed': [405, 'The resource does not support this method'],
  'body-too-slow': [408, 'The body did not arrive in time'],
  'id-taken': [409, 'Another owner registered the id'],
  'being-removed': [409, 'The component is being removed'],
  'key-not-active': [409, 'The key is revoked or expired'],
  'key-limit': [409, 'Key limit reached'],
  'type-conflict': [409, 'The id belongs to another component type'],
  'component-limit': [409, 'Component limit of the type reached'],
  'type-memory-limit': [409, 'Memory limit of the component type reached'],
  'component-unreadable': [409, 'The stored state of the component cannot be read'],
  'no-control': [409, 'The component has no control endpoint'],
  'no-health-check': [409, 'The component registered no health check'],
  'request-type-conflict': [409, 'Another component type already serves the request type'],
  'too-many-affected': [409, 'The change affects more than can be validated at once'],
  'type-not-empty': [409, 'Components of the type are registered'],
  'type-limit': [409, 'Component type limit reached'],
  'recovery-running': [409, 'A recovery of the component is running'],
  'held-back': [409, 'The action is not safe right now'],
  'not-in-service': [409, 'The component is not in service'],
  'no-standby': [409, 'There is no healthy standby'],
  'no-takeover': [409, 'No standby took over'],
  'not-recovering': [409, 'The recovery is not running'],
  'incident-closed': [409, 'The incident is no longer open'],
  'component-not-healthy': [409, 'The component is not healthy and in service'],
  'drill-running': [409, 'A drill of this component type is running'],
  'self-doubt': [409, 'The health checks of the type are not trusted right now'],
  'capacity-at-risk': [409, 'The type would be left without capacity'],
  'silence-limit': [409, 'Silence limit reached'],
  'webhook-exists': [409, 'The id belongs to another webhook'],
  'webhook-limit': [409, 'Webhook limit reached'],
  'webhook-configured': [409, 'The webhook is configured by the deployment'],
  'lease-ended': [410, 'The lease has ended'],
  'events-trimmed': [410, 'The log does not hold the requested events'],
  'precondition-failed': [412, 'The resource has changed'],
  'payload-too-large': [413, 'The body is too large'],
  'uri-too-long': [414, 'The URI is too long'],
  'unsupported-media-type': [415, 'The body must be application/json'],
  'invalid-request': [422, 'The request is not valid'],
  'endpoint-not-allowed': [422, 'A URL is not allowed'],
  'dependency-not-registered': [422, 'A dependency is not registered'],
  'header-value-unknown': [422, 'No stored value for a redacted header'],
  'dependency-cycle': [422, 'The dependencies form a cycle'],
  'precondition-invalid': [422, 'The condition is not valid'],
  'precondition-unsupported': [422, 'The call does not support the condition'],
  'upgrade-required': [426, 'The call must be a WebSocket upgrade'],
  'too-many-changes': [429, 'Too many changes by this key'],
  'too-many-probes': [429, 'The component is being checked too often'],
  'too-many-reports': [429, 'The component is being reported too often'],
  'too-many-rotations': [429, 'The control secret is being rotated too often'],
  'too-many-readers': [429, 'Reader limit of the key reached'],
  'too-many-in-flight': [429, 'Too many calls of this key in flight'],
  'lease-quota': [429, 'Lease quota of the key reached'],
  'rate-limited': [429, 'Too many calls'],
  'internal-error': [500, 'Internal error'],
  'identity-unavailable': [503, 'Keys cannot be checked right now'],
  'not-configured': [503, 'The deployment has no admin key'],
  'no-healthy-components': [503, 'No component can serve this request'],
  'at-capacity': [503, 'Every component is at capacity'],
  'preferences-unmet': [503, 'No component meets the preferences'],
  'history-unavailable': [503, 'The history cannot be read right now'],
  'snapshot-unavailable': [503, 'The snapshot cannot be read right now'],
  overloaded: [503, 'Too many calls in flight'],
  busy: [503, 'Concurrent calls changed the resource'],
  'temporarily-unavailable': [503, 'Part of the coordinator is unavailable right now'],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemCode = keyof typeof PROBLEMS;
type ProblemStatus = (typeof PROBLEMS)[ProblemCode][0];
export type ProblemResponse = Response & TypedResponse<Problem, ProblemStatus, 'json'>;

/** Default Retry-After per status, in seconds. */
const RETRY_AFTER_SECONDS: Partial<Record<number, number>> = { 429: 10, 503: 1 };
/** Longer than any path of this API. */
const MAX_INSTANCE_CHARACTERS = 1_024;

export interface ProblemOptions {
  readonly detail?: string;
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
  /** Absent: the default of the status. Null: no Retry-After, because the same call never succeeds. */
  readonly retryAfterSeconds?: number | null;
  /** Extension members of a refused routing request. */
  readonly routing?: Pick<Problem, 'requestType' | 'componentType' | 'components' | 'candidates'>;
  /** Extension members with the reader's position and where the reader may continue. */
  readonly position?: Pick<Problem, 'lastIndex' | 'oldest' | 'newest' | 'snapshot'>;
}

/** The detail of a 429 response ends with the time of its `Retry-After`. */
export function problemResponse(c: Call, code: ProblemCode, options: ProblemOptions = {}): ProblemResponse {
  const [status, title] = PROBLEMS[code];
  const { retryAfterSeconds: retryAfter = RETRY_AFTER_SECONDS[status] ?? null } = options;
  const when = status === 429 && retryAfter !== null ? [`try again in ${retryAfter} s`] : [];
  const detail = [...(options.detail === undefined ? [] : [options.detail]), ...when].join('; ');
  const document: Problem = {
    type: `urn:arbiter:problem:${code}`,
    title,
    status,
    code,
    ...(detail === '' ? {} : { detail }),
    instance: c.req.path.slice(0, MAX_INSTANCE_CHARACTERS),
    requestId: c.get('requestId'),
    ...(options.errors ? { errors: [...options.errors] } : {}),
    ...options.routing,
    ...options.position,
  };
  c.header('content-type', 'application/problem+json');
  if (retryAfter !== null) c.header('retry-after', String(retryAfter));
  return c.body(JSON.stringify(document), status) as unknown as ProblemResponse;
}

/** Problem response for a failure returned by a Durable Object or a use case. */
export const problemOf = (c: Call, failure: Failure<ProblemCode>): ProblemResponse =>
  problemResponse(c, failure.reason, problemOptionsOf(failure));

/** Detail and Retry-After of a failure. */
export const problemOptionsOf = ({ message, retryAfterMs }: Failure<ProblemCode>): ProblemOptions => ({
  detail: message,
  ...(retryAfterMs === undefined
    ? {}
    : { retryAfterSeconds: retryAfterMs === null ? null : Math.ceil(retryAfterMs / 1_000) }),
});

/** 422 with the faults that zod found, each with its dotted path, for example `healthCheck.headers[0]`. */
export const validationProblem = (c: Call, error: ZodError): ProblemResponse =>
  problemResponse(c, 'invalid-request', { errors: error.issues.flatMap(toFaults) });

type Issue = ZodError['issues'][number];

export function toFaults(issue: Issue): { path: string; message: string }[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: pathOf([...issue.path, key]), message: 'unknown field' }));
  }
  return [{ path: pathOf(issue.path), message: issue.message }];
}

function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part).slice(0, 128) : `${text}.${String(part).slice(0, 128)}`;
  }, '');
}
