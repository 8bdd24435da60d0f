/**
 * Classifies a failure; the failure type selects the recovery policy. The error code decides first.
 * Known codes come from Node, Workers, browsers, DNS resolvers, TLS, HTTP and this project.
 * Without a known code the message decides: a dependency, an embedded code, an HTTP status, then its words.
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

type Table = readonly (readonly [RegExp, FailureType])[];

const BY_CODE: Table = [
  [/^(DEPENDENCY_|FAILED_DEPENDENCY|UPSTREAM_|EDEPENDENCY|HTTP_424$)/, 'dependency_failure'],
  // An abort is almost always the caller's own timeout. Proxies log a timeout as 499, 598 or 599.
  [/^(ETIMEDOUT|ETIMEOUT|ESOCKETTIMEDOUT|TIMEOUTERROR|(\w+_)?TIME(OUT|D_OUT)|DEADLINE_EXCEEDED)$/, 'timeout_failure'],
  [/^(ABORTERROR|ABORT_ERR|UND_ERR_ABORTED|HTTP_(408|499|504|522|524|598|599))$/, 'timeout_failure'],
  [/^E(CONN(REFUSED|RESET|ABORTED)|PIPE|PROTO|NOTCONN|SHUTDOWN|NOTFOUND|ADDRNOTAVAIL)$/, 'connection_failure'],
  [/^E(HOSTUNREACH|HOSTDOWN|NETUNREACH|NETDOWN|NETRESET|AI_[A-Z]+)$/, 'connection_failure'],
  // DNS resolver errors (c-ares).
  [/^E(NODATA|SERVFAIL|REFUSED|NONAME|BADNAME|BADRESP)$/, 'connection_failure'],
  [/^UND_ERR_(SOCKET|CLOSED|DESTROYED|RES_CONTENT_LENGTH_MISMATCH)$/, 'connection_failure'],
  // The peer does not speak HTTP (llhttp), or closed the connection early.
  [/^(HPE_|ERR_HTTP2_|ERR_QUIC_|ERR_STREAM_PREMATURE_CLOSE$|ERR_EMPTY_RESPONSE$)/, 'connection_failure'],
  // Cloudflare's codes for an unreachable origin.
  [/^HTTP_(520|521|523|525|526|530)$/, 'connection_failure'],
  [/^(NETWORKERROR|UNAVAILABLE)$/, 'connection_failure'],
  [/^(ERR_)?(CONNECTION|NETWORK|SOCKET|DNS|TLS|SSL|CERT|NAME|ADDRESS|INTERNET)(_|$)/, 'connection_failure'],
  [/^NS_ERROR_(CONNECTION|NET|UNKNOWN_HOST|OFFLINE)/, 'connection_failure'],
  [/^(SEC_ERROR|MOZILLA_PKIX_ERROR|CRL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)_|^HOSTNAME_MISMATCH$/, 'connection_failure'],
  [/^(INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED)$/, 'connection_failure'],
  [
    /^(HEARTBEAT_EXPIRED|REPORTED_UNHEALTHY|EXPECTATION_FAILED|HEALTH_CHECK_FAILED|HTTP_\d{3})$/,
    'health_check_failure',
  ],
  [/^(INTERNAL|INTERNAL_\w*|ERR_INTERNAL\w*|PANIC|OOM|SIGSEGV|ENOMEM|EMFILE|ENFILE|ENOSPC)$/, 'internal_error'],
];

/** A possible error code in a message: `connect ECONNREFUSED 127.0.0.1:80`. */
const CODE_IN_MESSAGE = /\b[A-Z][A-Z0-9_]{3,}\b/g;

/** `status code 503`, `HTTP/1.1 504`, `503 Service Unavailable` */
const STATUS_IN_MESSAGE =
  /\b(?:HTTP(?:\/[\d.]+)?[ :-]?|(?:status|response)(?: ?code)?(?: of)?[ :=]+)([345]\d\d)\b|^([45]\d\d)(?=:? [A-Z]|$)/i;

const DEPENDENCY_IN_MESSAGE = /\b(dependency|dependencies|upstream)\b/i;

const TIMEOUT_IN_MESSAGE: Table = [
  [/\b(time[ds]?[ -]?out|deadline|no answer|took too long|queued for too long)\b/i, 'timeout_failure'],
  [/(?<!set|clear)Timeout(Error|Exception|Expired)?\b/, 'timeout_failure'],
  [/\b(operation|request|signal|fetch) (is|was) aborted\b/i, 'timeout_failure'],
];

const BY_MESSAGE: Table = [
  ...TIMEOUT_IN_MESSAGE,
  [/\b(refused|reset|unreachable|h[ua]ng up|disconnected|broken pipe|unexpected EOF)\b|: EOF$/i, 'connection_failure'],
  [/\b(network|NetworkError|connection|socket|handshake|other side closed|premature close)\b/i, 'connection_failure'],
  [/\b(resolve (the )?host(name)?|name resolution|dns|no such host|server misbehaving)\b/i, 'connection_failure'],
  [/\b(UnknownHost\w*|(name|servname)[\w ,]* not known|no address associated)\b/i, 'connection_failure'],
  [/\b(no route to host|host is down|connect E[A-Z]+)\b/i, 'connection_failure'],
  [/\b(tls|ssl|x509|pkix|certificates?)\b/i, 'connection_failure'],
  // The messages of browsers and Node for a request that did not reach the server.
  [/^(TypeError: )?(failed to fetch|fetch failed|load failed|terminated)\.?$/i, 'connection_failure'],
  [/\b(health[ -]?check|unhealthy|probe)\b/i, 'health_check_failure'],
];

interface ClassifiableFailure {
  readonly code?: string | undefined;
  readonly message: string;
}

/** Returns the failure type; `internal_error` when neither code nor message is known. */
export function classifyFailure({ code = '', message }: ClassifiableFailure): FailureType {
  return typeOfAmbiguousCode(code, message) ?? typeOfCode(code) ?? typeOfMessage(message) ?? 'internal_error';
}

/** axios uses one code both for a broken connection and for its own timeout. */
function typeOfAmbiguousCode(code: string, message: string): FailureType | undefined {
  return code.toUpperCase() === 'ECONNABORTED' ? firstMatch(TIMEOUT_IN_MESSAGE, message) : undefined;
}

function typeOfCode(code: string): FailureType | undefined {
  const normalized = code
    .trim()
    .toUpperCase()
    .replace(/^NET::/, '')
    .replaceAll(/[ .-]+/g, '_')
    .replace(/^(HTTP_?)?(?=\d{3}$)/, 'HTTP_');
  return FAILURE_TYPES.find((type) => type.toUpperCase() === normalized) ?? firstMatch(BY_CODE, normalized);
}

function typeOfMessage(message: string): FailureType | undefined {
  if (DEPENDENCY_IN_MESSAGE.test(message)) return 'dependency_failure';
  for (const [code] of message.matchAll(CODE_IN_MESSAGE)) {
    const type = typeOfCode(code);
    if (type) return type;
  }
  const status = STATUS_IN_MESSAGE.exec(message);
  return status ? typeOfCode(`HTTP_${status[1] ?? status[2]}`) : firstMatch(BY_MESSAGE, message);
}

const firstMatch = (table: Table, text: string): FailureType | undefined =>
  table.find(([pattern]) => pattern.test(text))?.[1];

/** Maps an error thrown by `fetch` to a code and a fixed message. Text of the thrown error is never repeated. */
export function describeFetchError(thrown: unknown): FailureDetail {
  const message = thrown instanceof Error ? thrown.message : typeof thrown === 'string' ? thrown : '';
  const known = FETCH_ERRORS.find(([pattern]) => pattern.test(message));
  return known ? { code: known[1], message: known[2] } : { code: 'NETWORK_ERROR', message: 'the connection failed' };
}

const FETCH_ERRORS: readonly (readonly [pattern: RegExp, code: string, message: string])[] = [
  [/refused/i, 'ECONNREFUSED', 'the connection was refused'],
  // workerd uses the same message for both, at least on one tested machine.
  [/reset|disconnected|h[ua]ng up|prematurely|closed|lost/i, 'ECONNRESET', 'the connection was refused or closed'],
  [/dns|resolve|not found|getaddrinfo/i, 'ENOTFOUND', 'the host name does not resolve'],
  [/tls|ssl|certificate/i, 'ERR_TLS_HANDSHAKE', 'the TLS handshake failed'],
  [/unreachable|no route/i, 'EHOSTUNREACH', 'the host is unreachable'],
];
