import { describe, expect, it } from 'vitest';
import { redactForAudit, restoreHeaderValues, redactHeaderValues } from '../../../src/core/component/header-values.ts';
import { registrationOf } from './registration-of.ts';

const withHeaders = (headers: Record<string, string>, endpoint = '/health') =>
  registrationOf({ healthCheck: { endpoint, headers } });

const STORED = withHeaders({ 'x-a': 'secret a', 'x-b': 'secret b' });

describe('values of headers', () => {
  it('are not shown', () => {
    expect(redactHeaderValues(STORED).healthCheck?.headers).toEqual({ 'x-a': '***', 'x-b': '***' });
    expect(redactHeaderValues(registrationOf())).toEqual(registrationOf());
  });

  it('stay where *** comes back, are changed where another value does, and go with their header', () => {
    expect(restoreHeaderValues(withHeaders({ 'x-a': '***', 'x-c': 'new' }), STORED)).toEqual({
      ok: true,
      value: withHeaders({ 'x-a': 'secret a', 'x-c': 'new' }),
    });
  });

  it('come back as they went out', () => {
    expect(restoreHeaderValues(redactHeaderValues(STORED), STORED)).toEqual({ ok: true, value: STORED });
  });

  it.each([
    ['a header that was not there', withHeaders({ 'x-c': '***' }), STORED],
    ['a component that was not there', withHeaders({ 'x-a': '***' }), null],
    ['a name that every object has', withHeaders({ constructor: '***' }), STORED],
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

  it('may be said anew for another server, and are kept for another path', () => {
    expect(restoreHeaderValues(withHeaders({ 'x-a': 'said' }, 'https://elsewhere.example.com/'), STORED).ok).toBe(true);
    expect(restoreHeaderValues(withHeaders({ 'x-a': '***' }, '/other'), STORED).ok).toBe(true);
  });

  it('leave in the audit only that they changed', () => {
    const [before, after] = redactForAudit(STORED, withHeaders({ 'x-a': 'secret a', 'x-b': 'other', 'x-c': 'new' }));
    expect(before?.healthCheck?.headers).toEqual({ 'x-a': '***', 'x-b': '***' });
    expect(after?.healthCheck?.headers).toEqual({ 'x-a': '***', 'x-b': '*** changed', 'x-c': '***' });
    expect(redactForAudit(null, STORED)[1]).toEqual(redactHeaderValues(STORED));
    expect(redactForAudit(STORED, null)).toEqual([redactHeaderValues(STORED), null]);
  });
});
