import { describe, expect, it } from 'vitest';
import { redactForAudit, restoreHeaderValues, redactHeaderValues } from '../../../src/core/component/header-values.ts';
import { registrationOf } from './registration-of.ts';

const withHeaders = (headers: Record<string, string>, endpoint = '/health') =>
  registrationOf({ healthCheck: { endpoint, headers } });

const STORED = withHeaders({ 'x-a': 'secret a', 'x-b': 'secret b' });

describe('header values', () => {
  it('are redacted', () => {
    expect(redactHeaderValues(STORED).healthCheck?.headers).toEqual({ 'x-a': '***', 'x-b': '***' });
    expect(redactHeaderValues(registrationOf())).toEqual(registrationOf());
  });

  it('are kept for ***, replaced by any other value, and removed with their header', () => {
    expect(restoreHeaderValues(withHeaders({ 'x-a': '***', 'x-c': 'new' }), STORED)).toEqual({
      ok: true,
      value: withHeaders({ 'x-a': 'secret a', 'x-c': 'new' }),
    });
  });

  it('survive a round trip of the redacted registration', () => {
    expect(restoreHeaderValues(redactHeaderValues(STORED), STORED)).toEqual({ ok: true, value: STORED });
  });

  it.each([
    ['a new header', withHeaders({ 'x-c': '***' }), STORED],
    ['a new component', withHeaders({ 'x-a': '***' }), null],
    ['a name of a built-in object property', withHeaders({ constructor: '***' }), STORED],
    ['another host', withHeaders({ 'x-a': '***' }, 'https://elsewhere.example.com/health'), STORED],
    ['another port', withHeaders({ 'x-a': '***' }, 'https://router.example.com:8443/health'), STORED],
    ['another scheme', withHeaders({ 'x-a': '***' }, 'http://router.example.com/health'), STORED],
    [
      'another server under the same path',
      { ...withHeaders({ 'x-a': '***' }), endpoint: 'https://b.example.com' },
      STORED,
    ],
  ])('are not kept for %s', (_, registration, stored) => {
    expect(restoreHeaderValues(registration, stored)).toMatchObject({ ok: false, reason: 'header-value-unknown' });
  });

  it('may be set again for another server, and are kept for another path', () => {
    expect(restoreHeaderValues(withHeaders({ 'x-a': 'said' }, 'https://elsewhere.example.com/'), STORED).ok).toBe(true);
    expect(restoreHeaderValues(withHeaders({ 'x-a': '***' }, '/other'), STORED).ok).toBe(true);
  });

  it('appear in the audit only as changed', () => {
    const [before, after] = redactForAudit(STORED, withHeaders({ 'x-a': 'secret a', 'x-b': 'other', 'x-c': 'new' }));
    expect(before?.healthCheck?.headers).toEqual({ 'x-a': '***', 'x-b': '***' });
    expect(after?.healthCheck?.headers).toEqual({ 'x-a': '***', 'x-b': '*** changed', 'x-c': '***' });
    expect(redactForAudit(null, STORED)[1]).toEqual(redactHeaderValues(STORED));
    expect(redactForAudit(STORED, null)).toEqual([redactHeaderValues(STORED), null]);
  });
});
