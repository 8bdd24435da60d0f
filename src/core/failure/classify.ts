/**
 * Sorts a failure into the class that decides its recovery: by error code first, then by message and the codes in it.
 * Codes are those of Node and Workers sockets, of TLS, of HTTP, and our own.
 */
import type { FailureDetail } from '../health/health-state.ts';

export const FAILURE_TYPES = [
  'connection_failure',
  'timeout_failure',
  'health_check_failure',
  'dependency_failure',
  'internal_error',
] as const;

export type FailureType = (typeof FAILURE_TYPES)[number];

const BY_CODE: readonly (readonly [RegExp, FailureType])[] = [
  [/^(DEPENDENCY_|UPSTREAM_|EDEPENDENCY)/, 'dependency_failure'],
  [
    /^(ETIMEDOUT|ESOCKETTIMEDOUT|TIMEOUTERROR|ABORTERROR|DEADLINE_EXCEEDED|HTTP_(408|504|522|524)|(\w+_)?TIME(OUT|D_OUT))$/,
    'timeout_failure',
  ],
  [
    /^(ECONN(REFUSED|RESET|ABORTED)|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EPIPE|UND_ERR_SOCKET|NETWORK_ERROR|HTTP_(521|523|525|526))$/,
    'connection_failure',
  ],
  [/^(ERR_)?(CONNECTION|DNS|TLS|SSL)_|^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/, 'connection_failure'],
  [
    /^(HEARTBEAT_EXPIRED|REPORTED_UNHEALTHY|EXPECTATION_FAILED|HEALTH_CHECK_FAILED|HTTP_\d{3})$/,
    'health_check_failure',
  ],
  [/^(INTERNAL_|ERR_INTERNAL|PANIC|OOM|SIGSEGV)/, 'internal_error'],
];

/** What may be a code within a message: `connect ECONNREFUSED 127.0.0.1:80`. */
const CODE_IN_MESSAGE = /\b[A-Z][A-Z0-9_]{3,}\b/g;

const DEPENDENCY_IN_MESSAGE = /\b(dependency|dependencies|upstream)\b/i;

const BY_MESSAGE: readonly (readonly [RegExp, FailureType])[] = [
  [/\b(timed? ?out|timeout|deadline|no answer|took too long)\b/i, 'timeout_failure'],
  [
    /\b(refused|reset|unreachable|h[ua]ng up|resolve (the )?host(name)?|name resolution|dns|tls|ssl|certificate|network|connection|socket)\b/i,
    'connection_failure',
  ],
  [/\b(health[ -]?check|unhealthy|probe)\b/i, 'health_check_failure'],
];

/** The class of a failure; `internal_error` when nothing tells. */
export function classifyFailure(error: { readonly code?: string | undefined; readonly message: string }): FailureType {
  return typeOfCode(error.code ?? '') ?? typeOfMessage(error.message) ?? 'internal_error';
}

function typeOfCode(code: string): FailureType | undefined {
  const upper = code.toUpperCase();
  return FAILURE_TYPES.find((type) => type.toUpperCase() === upper) ?? firstMatch(BY_CODE, upper);
}

function typeOfMessage(message: string): FailureType | undefined {
  if (DEPENDENCY_IN_MESSAGE.test(message)) return 'dependency_failure';
  for (const [code] of message.matchAll(CODE_IN_MESSAGE)) {
    const type = typeOfCode(code);
    if (type) return type;
  }
  return firstMatch(BY_MESSAGE, message);
}

const firstMatch = (table: readonly (readonly [RegExp, FailureType])[], text: string): FailureType | undefined =>
  table.find(([pattern]) => pattern.test(text))?.[1];

/** A socket error's code and a message of ours from whatever `fetch` threw; nothing of what it said is repeated. */
export function describeFetchError(thrown: unknown): FailureDetail {
  const said = thrown instanceof Error ? thrown.message : typeof thrown === 'string' ? thrown : '';
  const known = FETCH_ERRORS.find(([pattern]) => pattern.test(said));
  return known ? { code: known[1], message: known[2] } : { code: 'NETWORK_ERROR', message: 'the connection failed' };
}

const FETCH_ERRORS: readonly (readonly [said: RegExp, code: string, message: string])[] = [
  [/refused/i, 'ECONNREFUSED', 'the connection was refused'],
  // workerd says the same of both, at least on one machine.
  [/reset|disconnected|h[ua]ng up|prematurely|closed|lost/i, 'ECONNRESET', 'the connection was refused or broke off'],
  [/dns|resolve|not found|getaddrinfo/i, 'ENOTFOUND', 'the host name does not resolve'],
  [/tls|ssl|certificate/i, 'ERR_TLS_HANDSHAKE', 'no TLS connection could be made'],
  [/unreachable|no route/i, 'EHOSTUNREACH', 'the host cannot be reached'],
];
