/**
 * Sorts a failure into the class that decides its recovery: by error code first, then by message.
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
  [
    /^(ETIMEDOUT|ESOCKETTIMEDOUT|TIMEOUT|TIMEOUTERROR|ABORTERROR|UND_ERR_(HEADERS|BODY|CONNECT)_TIMEOUT|DEADLINE_EXCEEDED|HTTP_(408|504|522|524))$/,
    'timeout_failure',
  ],
  [
    /^(ECONN(REFUSED|RESET|ABORTED)|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EPIPE|UND_ERR_SOCKET|NETWORK_ERROR|HTTP_(521|523|525|526))$/,
    'connection_failure',
  ],
  [/^(ERR_TLS_|ERR_SSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/, 'connection_failure'],
  [/^(HEARTBEAT_EXPIRED|REPORTED_UNHEALTHY|HEALTH_CHECK_FAILED|HTTP_\d{3})$/, 'health_check_failure'],
  [/^(DEPENDENCY_|UPSTREAM_|EDEPENDENCY)/, 'dependency_failure'],
  [/^(INTERNAL_|ERR_INTERNAL|PANIC|OOM|SIGSEGV)/, 'internal_error'],
];

const BY_MESSAGE: readonly (readonly [RegExp, FailureType])[] = [
  [/\b(dependency|dependencies|upstream)\b/i, 'dependency_failure'],
  [/\b(timed? ?out|timeout|deadline|no answer|took too long)\b/i, 'timeout_failure'],
  [/\b(refused|reset|unreachable|hung up|dns|tls|ssl|certificate|network|connection|socket)\b/i, 'connection_failure'],
  [/\b(health ?check|unhealthy|probe)\b/i, 'health_check_failure'],
];

/** The class of a failure; `internal_error` when nothing tells. */
export function classifyFailure(error: { readonly code?: string | undefined; readonly message: string }): FailureType {
  const code = error.code?.toUpperCase();
  const byCode = code === undefined ? undefined : BY_CODE.find(([pattern]) => pattern.test(code));
  if (byCode) return byCode[1];
  return BY_MESSAGE.find(([pattern]) => pattern.test(error.message))?.[1] ?? 'internal_error';
}

/** A socket error's code and a short message from whatever `fetch` threw. */
export function describeFetchError(thrown: unknown): FailureDetail {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  for (const [pattern, code] of FETCH_ERRORS)
    if (pattern.test(message)) return { code, message: PLAIN[code] ?? message };
  return { code: 'NETWORK_ERROR', message: 'the connection failed' };
}

const FETCH_ERRORS: readonly (readonly [RegExp, string])[] = [
  [/refused/i, 'ECONNREFUSED'],
  [/reset|disconnected|hung up|prematurely|closed|lost/i, 'ECONNRESET'],
  [/dns|resolve|not found|getaddrinfo/i, 'ENOTFOUND'],
  [/tls|ssl|certificate/i, 'ERR_TLS_HANDSHAKE'],
  [/unreachable|no route/i, 'EHOSTUNREACH'],
];

const PLAIN: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  // workerd says the same of both, at least on one machine.
  ECONNRESET: 'the connection was refused or broke off',
  ENOTFOUND: 'the host name does not resolve',
  ERR_TLS_HANDSHAKE: 'no TLS connection could be made',
  EHOSTUNREACH: 'the host cannot be reached',
};
