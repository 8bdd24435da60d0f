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

describe('classifyFailure', () => {
  it.each(BY_CODE)('by code: %s → %s', (code, expected) => {
    expect(classifyFailure({ code, message: '' })).toBe(expected);
  });

  it.each(BY_MESSAGE)('by message: %s → %s', (message, expected) => {
    expect(classifyFailure({ message })).toBe(expected);
  });

  it('believes the code before the message', () => {
    expect(classifyFailure({ code: 'ECONNREFUSED', message: 'timed out' })).toBe('connection_failure');
    expect(classifyFailure({ code: 'INTERNAL_ERROR', message: 'connection refused' })).toBe('internal_error');
  });

  it('reads the message when it does not know the code', () => {
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

  it('repeats nothing of the foreign message', () => {
    for (const message of ['connect ECONNREFUSED 10.0.0.7:443', 'secret 10.0.0.7 exploded']) {
      expect(describeFetchError(new Error(message)).message).not.toContain('10.0.0.7');
    }
  });

  it('says of whatever is thrown one of a few sentences of ours', () => {
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
        expect(message).toMatch(/^(the connection|the host|no TLS)[a-zA-Z ]{1,200}$/);
      }),
    );
  });
});
