import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FailureType } from '../../../src/core/failure/classify.ts';
import { classifyFailure, describeFetchError } from '../../../src/core/failure/classify.ts';

const BY_CODE: readonly (readonly [code: string, expected: FailureType])[] = [
  ['ECONNREFUSED', 'connection_failure'],
  ['ECONNRESET', 'connection_failure'],
  ['ECONNABORTED', 'connection_failure'],
  ['ENOTFOUND', 'connection_failure'],
  ['EAI_AGAIN', 'connection_failure'],
  ['EHOSTUNREACH', 'connection_failure'],
  ['ENETUNREACH', 'connection_failure'],
  ['EPIPE', 'connection_failure'],
  ['UND_ERR_SOCKET', 'connection_failure'],
  ['NETWORK_ERROR', 'connection_failure'],
  ['HTTP_521', 'connection_failure'],
  ['HTTP_523', 'connection_failure'],
  ['HTTP_525', 'connection_failure'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'connection_failure'],
  ['ERR_TLS_HANDSHAKE', 'connection_failure'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'connection_failure'],
  ['CERT_HAS_EXPIRED', 'connection_failure'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'connection_failure'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'connection_failure'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'connection_failure'],
  ['econnrefused', 'connection_failure'],
  ['ETIMEDOUT', 'timeout_failure'],
  ['ESOCKETTIMEDOUT', 'timeout_failure'],
  ['TIMEOUT', 'timeout_failure'],
  ['TimeoutError', 'timeout_failure'],
  ['AbortError', 'timeout_failure'],
  ['UND_ERR_HEADERS_TIMEOUT', 'timeout_failure'],
  ['UND_ERR_CONNECT_TIMEOUT', 'timeout_failure'],
  ['DEADLINE_EXCEEDED', 'timeout_failure'],
  ['HTTP_408', 'timeout_failure'],
  ['HTTP_504', 'timeout_failure'],
  ['HTTP_522', 'timeout_failure'],
  ['HTTP_524', 'timeout_failure'],
  ['HTTP_500', 'health_check_failure'],
  ['HTTP_503', 'health_check_failure'],
  ['HTTP_404', 'health_check_failure'],
  ['HTTP_302', 'health_check_failure'],
  ['HEARTBEAT_EXPIRED', 'health_check_failure'],
  ['REPORTED_UNHEALTHY', 'health_check_failure'],
  ['HEALTH_CHECK_FAILED', 'health_check_failure'],
  ['DEPENDENCY_UNAVAILABLE', 'dependency_failure'],
  ['UPSTREAM_ERROR', 'dependency_failure'],
  ['DEPENDENCY_TIMEOUT', 'dependency_failure'],
  ['CONNECTION_REFUSED', 'connection_failure'],
  ['CONNECTION_RESET', 'connection_failure'],
  ['ERR_CONNECTION_CLOSED', 'connection_failure'],
  ['DNS_FAILURE', 'connection_failure'],
  ['ERR_SOCKET_CONNECTION_TIMEOUT', 'timeout_failure'],
  ['CONNECTION_TIMEOUT', 'timeout_failure'],
  ['connection_failure', 'connection_failure'],
  ['TIMEOUT_FAILURE', 'timeout_failure'],
  ['health_check_failure', 'health_check_failure'],
  ['dependency_failure', 'dependency_failure'],
  ['internal_error', 'internal_error'],
  ['INTERNAL_ERROR', 'internal_error'],
  ['PANIC', 'internal_error'],
  ['OOM', 'internal_error'],
  ['SIGSEGV', 'internal_error'],
  ['E_SOMETHING_ELSE', 'internal_error'],
  ['HTTP_5', 'internal_error'],
  ['', 'internal_error'],
];

const BY_MESSAGE: readonly (readonly [message: string, expected: FailureType])[] = [
  ['Connection refused', 'connection_failure'],
  ['socket hang up', 'connection_failure'],
  ['connection reset by peer', 'connection_failure'],
  ['connect ECONNREFUSED 127.0.0.1:80', 'connection_failure'],
  ['read ECONNRESET', 'connection_failure'],
  ['ERROR: write EPIPE', 'connection_failure'],
  ['getaddrinfo ENOTFOUND x', 'connection_failure'],
  ['getaddrinfo EAI_AGAIN x', 'connection_failure'],
  ['connect ETIMEDOUT 10.0.0.7:443', 'timeout_failure'],
  ['the peer hang up', 'connection_failure'],
  ['the peer hung up', 'connection_failure'],
  ['Could not resolve host: x', 'connection_failure'],
  ['could not resolve hostname x', 'connection_failure'],
  ['Temporary failure in name resolution', 'connection_failure'],
  ['could not resolve the conflict', 'internal_error'],
  ['EXPECTED a number', 'internal_error'],
  ['host is unreachable', 'connection_failure'],
  ['DNS lookup failed', 'connection_failure'],
  ['TLS handshake failed', 'connection_failure'],
  ['certificate has expired', 'connection_failure'],
  ['Network connection lost.', 'connection_failure'],
  ['The connection timed out', 'timeout_failure'],
  ['Request timeout', 'timeout_failure'],
  ['request timed-out? no: it timed out', 'timeout_failure'],
  ['context deadline exceeded', 'timeout_failure'],
  ['took too long', 'timeout_failure'],
  ['no answer after 2500 ms', 'timeout_failure'],
  ['health check failed', 'health_check_failure'],
  ['health-check failed', 'health_check_failure'],
  ['healthcheck returned 500', 'health_check_failure'],
  ['instance is unhealthy', 'health_check_failure'],
  ['readiness probe failed', 'health_check_failure'],
  ['dependency agent-registry is down', 'dependency_failure'],
  ['upstream connect error', 'dependency_failure'],
  ['a dependency timed out', 'dependency_failure'],
  ['dependency: connect ECONNREFUSED', 'dependency_failure'],
  ["TypeError: Cannot read properties of undefined (reading 'x')", 'internal_error'],
  ['out of memory', 'internal_error'],
  ['preset missing', 'internal_error'],
  ['', 'internal_error'],
];

/** Verbatim messages of real programs. */
const AS_SAID: readonly (readonly [where: string, code: string | undefined, message: string, expected: FailureType])[] =
  [
    ['workerd', undefined, 'Network connection lost.', 'connection_failure'],
    ['workerd', undefined, 'DNS lookup failed.', 'connection_failure'],
    [
      'workerd',
      undefined,
      'kj/async-io-unix.c++:186: disconnected: connect() blocked by restrictToPrivateNetwork()',
      'connection_failure',
    ],
    ['workerd', undefined, "TLS peer's certificate is not trusted; reason = self signed", 'connection_failure'],
    ['workerd', undefined, 'The operation was aborted due to timeout', 'timeout_failure'],
    ['workerd', undefined, 'Durable Object is overloaded. Requests queued for too long.', 'timeout_failure'],
    [
      'workerd',
      undefined,
      'Durable Object storage operation exceeded timeout which caused object to be reset.',
      'timeout_failure',
    ],
    ['workerd', undefined, 'Worker exceeded memory limit.', 'internal_error'],
    ['workerd', undefined, 'Worker exceeded CPU time limit.', 'internal_error'],
    ['workerd', undefined, 'internal error; reference = 8f2kq0', 'internal_error'],
    ['Node', undefined, 'fetch failed', 'connection_failure'],
    ['Node', 'ABORT_ERR', 'The operation was aborted', 'timeout_failure'],
    ['Node', undefined, 'This operation was aborted', 'timeout_failure'],
    ['Node', 'ECONNREFUSED', 'connect ECONNREFUSED ::1:8080', 'connection_failure'],
    ['Node', undefined, 'connect ENOENT /run/worker.sock', 'connection_failure'],
    [
      'Node',
      'EPROTO',
      'write EPROTO 40:error:0A00010B:SSL routines:ssl3_get_record:wrong version number',
      'connection_failure',
    ],
    ['Node', 'EHOSTDOWN', 'connect EHOSTDOWN 10.0.0.9:443', 'connection_failure'],
    ['Node', 'EADDRNOTAVAIL', 'connect EADDRNOTAVAIL 127.0.0.1:80 - Local (0.0.0.0:0)', 'connection_failure'],
    ['Node', 'EMFILE', 'socket: too many open files', 'internal_error'],
    ['Node', 'ERR_STREAM_PREMATURE_CLOSE', 'Premature close', 'connection_failure'],
    [
      'Node',
      'ERR_HTTP2_GOAWAY_SESSION',
      'New streams cannot be created after receiving a GOAWAY',
      'connection_failure',
    ],
    ['Node', 'HPE_INVALID_CONSTANT', 'Parse Error: Expected HTTP/', 'connection_failure'],
    ['Node', 'ERR_TLS_CERT_ALTNAME_INVALID', "Hostname/IP does not match certificate's altnames", 'connection_failure'],
    ['Node', 'CERT_NOT_YET_VALID', 'certificate is not yet valid', 'connection_failure'],
    ['Node', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'unable to get local issuer certificate', 'connection_failure'],
    ['Node', 'HOSTNAME_MISMATCH', 'hostname mismatch', 'connection_failure'],
    ['a resolver', 'ESERVFAIL', 'queryA ESERVFAIL db.example.com', 'connection_failure'],
    ['a resolver', undefined, 'queryA EREFUSED db.example.com', 'connection_failure'],
    ['a resolver', 'ETIMEOUT', 'queryA ETIMEOUT db.example.com', 'timeout_failure'],
    ['a resolver', 'EAI_FAIL', 'getaddrinfo EAI_FAIL db.example.com', 'connection_failure'],
    ['undici', 'UND_ERR_CONNECT_TIMEOUT', 'Connect Timeout Error', 'timeout_failure'],
    ['undici', 'UND_ERR_BODY_TIMEOUT', 'Body Timeout Error', 'timeout_failure'],
    ['undici', 'UND_ERR_ABORTED', 'Request aborted', 'timeout_failure'],
    ['undici', 'UND_ERR_SOCKET', 'other side closed', 'connection_failure'],
    ['undici', undefined, 'other side closed', 'connection_failure'],
    ['undici', undefined, 'terminated', 'connection_failure'],
    ['undici', 'UND_ERR_DESTROYED', 'The client is destroyed', 'connection_failure'],
    ['axios', 'ECONNABORTED', 'timeout of 1000ms exceeded', 'timeout_failure'],
    ['axios', 'ECONNABORTED', 'Request aborted', 'connection_failure'],
    ['axios', 'ERR_NETWORK', 'Network Error', 'connection_failure'],
    ['axios', 'ERR_BAD_RESPONSE', 'Request failed with status code 503', 'health_check_failure'],
    ['axios', 'ERR_BAD_RESPONSE', 'Request failed with status code 504', 'timeout_failure'],
    ['Chrome', undefined, 'Failed to fetch', 'connection_failure'],
    ['Chrome', undefined, 'signal is aborted without reason', 'timeout_failure'],
    ['Chrome', 'net::ERR_NAME_NOT_RESOLVED', '', 'connection_failure'],
    ['Chrome', undefined, 'net::ERR_CERT_DATE_INVALID', 'connection_failure'],
    ['Chrome', undefined, 'net::ERR_CONNECTION_TIMED_OUT', 'timeout_failure'],
    ['Chrome', undefined, 'net::ERR_ADDRESS_UNREACHABLE', 'connection_failure'],
    ['Chrome', undefined, 'net::ERR_EMPTY_RESPONSE', 'connection_failure'],
    ['Chrome', undefined, 'net::ERR_QUIC_PROTOCOL_ERROR', 'connection_failure'],
    ['Firefox', undefined, 'NetworkError when attempting to fetch resource.', 'connection_failure'],
    ['Firefox', 'NS_ERROR_NET_TIMEOUT', '', 'timeout_failure'],
    ['Firefox', 'NS_ERROR_UNKNOWN_HOST', '', 'connection_failure'],
    ['Firefox', 'MOZILLA_PKIX_ERROR_SELF_SIGNED_CERT', '', 'connection_failure'],
    ['Safari', undefined, 'Load failed', 'connection_failure'],
    ['Safari', undefined, 'The Internet connection appears to be offline.', 'connection_failure'],
    ['a status', '503', '', 'health_check_failure'],
    ['a status', 'HTTP 504', '', 'timeout_failure'],
    ['a status', 'HTTP_424', '', 'dependency_failure'],
    ['a status', 'HTTP_499', '', 'timeout_failure'],
    ['a status', 'HTTP_520', '', 'connection_failure'],
    ['a status', 'HTTP_530', '', 'connection_failure'],
    ['a status', 'HTTP_502', '', 'health_check_failure'],
    ['a status', undefined, '503 Service Unavailable', 'health_check_failure'],
    ['a status', undefined, 'Response code 502 (Bad Gateway)', 'health_check_failure'],
    ['a status', undefined, 'HTTP/1.1 522', 'timeout_failure'],
    ['a status', undefined, 'unexpected status: 500', 'health_check_failure'],
    ['no status', undefined, 'expected 503 items', 'internal_error'],
    ['gRPC', 'UNAVAILABLE', 'No connection established', 'connection_failure'],
    ['gRPC', undefined, '4 DEADLINE_EXCEEDED: Deadline exceeded', 'timeout_failure'],
    ['gRPC', 'INTERNAL', 'Received RST_STREAM with code 2', 'internal_error'],
    ['Go', undefined, 'dial tcp: lookup db on 10.0.0.2:53: no such host', 'connection_failure'],
    ['Go', undefined, 'dial tcp: lookup db on 10.0.0.2:53: server misbehaving', 'connection_failure'],
    ['Go', undefined, 'Get "https://x/health": EOF', 'connection_failure'],
    ['Go', undefined, 'dial tcp 10.0.0.7:443: connect: no route to host', 'connection_failure'],
    ['Go', undefined, 'write tcp 10.0.0.7:443: write: broken pipe', 'connection_failure'],
    ['Go', undefined, 'dial tcp 10.0.0.7:443: i/o timeout', 'timeout_failure'],
    ['Go', undefined, 'x509: certificate signed by unknown authority', 'connection_failure'],
    ['Python', undefined, '[Errno 111] Connection refused', 'connection_failure'],
    ['Python', undefined, '[Errno -2] Name or service not known', 'connection_failure'],
    ['Python', undefined, '[Errno 8] nodename nor servname provided, or not known', 'connection_failure'],
    ['Python', undefined, 'httpx.ReadTimeout', 'timeout_failure'],
    ['Python', undefined, 'Server disconnected', 'connection_failure'],
    ['Java', undefined, 'java.net.UnknownHostException: db', 'connection_failure'],
    ['Java', undefined, 'java.net.SocketTimeoutException: null', 'timeout_failure'],
    ['Java', undefined, 'PKIX path building failed', 'connection_failure'],
    ['a bug', undefined, 'ReferenceError: setTimeout is not defined', 'internal_error'],
    ['a bug', undefined, 'the cache is sometimes outdated', 'internal_error'],
    ['a bug', undefined, 'Unexpected end of JSON input', 'internal_error'],
    ['a bug', undefined, 'terminated by the user', 'internal_error'],
  ];

describe('classifyFailure', () => {
  it.each(BY_CODE)('by code: %s → %s', (code, expected) => {
    expect(classifyFailure({ code, message: '' })).toBe(expected);
  });

  it.each(BY_MESSAGE)('by message: %s → %s', (message, expected) => {
    expect(classifyFailure({ message })).toBe(expected);
  });

  it.each(AS_SAID)('by a verbatim message of %s: %s %s → %s', (_, code, message, expected) => {
    expect(classifyFailure({ code, message })).toBe(expected);
  });

  it('prefers the code to the message', () => {
    expect(classifyFailure({ code: 'ECONNREFUSED', message: 'timed out' })).toBe('connection_failure');
    expect(classifyFailure({ code: 'INTERNAL_ERROR', message: 'connection refused' })).toBe('internal_error');
  });

  it('uses the message if the code is unknown', () => {
    expect(classifyFailure({ code: 'E_CUSTOM_7', message: 'request timed out' })).toBe('timeout_failure');
  });
});

describe('describeFetchError', () => {
  it.each<[unknown, string]>([
    [new Error('connect ECONNREFUSED 10.0.0.7:443'), 'ECONNREFUSED'],
    [new Error('Network connection lost.'), 'ECONNRESET'],
    [new Error('read ECONNRESET'), 'ECONNRESET'],
    [new Error('socket hang up'), 'ECONNRESET'],
    [new Error('getaddrinfo ENOTFOUND db.example.com'), 'ENOTFOUND'],
    [new Error('TLS peer certificate is not trusted'), 'ERR_TLS_HANDSHAKE'],
    [new Error('No route to host'), 'EHOSTUNREACH'],
    [new Error('internal error; reference = abc123'), 'NETWORK_ERROR'],
    ['refused', 'ECONNREFUSED'],
    [undefined, 'NETWORK_ERROR'],
  ])('%s is %s', (thrown, code) => {
    const error = describeFetchError(thrown);
    expect(error.code).toBe(code);
    expect(classifyFailure(error)).toBe('connection_failure');
  });

  it('copies nothing of the original message', () => {
    for (const message of ['connect ECONNREFUSED 10.0.0.7:443', 'secret 10.0.0.7 exploded']) {
      expect(describeFetchError(new Error(message)).message).not.toContain('10.0.0.7');
    }
  });

  it('describes any thrown value by one of a few fixed sentences', () => {
    const hint = fc.constantFrom('refused', 'reset', 'dns', 'tls', 'no route', '');
    const message = fc.tuple(fc.string({ unit: 'binary' }), hint, fc.string()).map((parts) => parts.join(' '));
    const thrown = fc.oneof(
      message,
      message.map((text) => new Error(text)),
      fc.anything(),
    );
    fc.assert(
      fc.property(thrown, (thrown) => {
        const { code, message } = describeFetchError(thrown);
        expect(code).toMatch(/^[A-Z_]{1,64}$/);
        expect(message).toMatch(/^(the connection|the host|the TLS handshake)[a-zA-Z ]{1,200}$/);
      }),
    );
  });
});
