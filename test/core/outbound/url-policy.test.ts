import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OutboundPolicy } from '../../../src/core/outbound/url-policy.ts';
import { DEFAULT_PORTS, judgeUrl } from '../../../src/core/outbound/url-policy.ts';
import { LEGITIMATE_URLS, NOT_ABSOLUTE, TRICKS } from '../../support/url-spellings.ts';

const PUBLIC: OutboundPolicy = { allowPrivate: false, ports: DEFAULT_PORTS, hosts: null };
const DEVELOPMENT: OutboundPolicy = { ...PUBLIC, allowPrivate: true };
const BASE = 'https://a.example.com/deep/path';

const judged = (value: string, policy: OutboundPolicy, base?: string): string => {
  const verdict = judgeUrl(value, policy, base);
  return verdict.ok ? 'yes' : verdict.message;
};

describe.each(TRICKS)('refuses $name', ({ urls, message }) => {
  it.each(urls)('%j', (url) => {
    expect(judged(url, PUBLIC)).toMatch(message);
    expect(judged(url, PUBLIC, BASE)).not.toBe('yes');
    expect(judged(url, { ...PUBLIC, hosts: ['*.example.com', 'example.com'] })).not.toBe('yes');
  });
});

it('is tested with at least 80 malicious spellings and 25 legitimate ones, each once', () => {
  const evil = TRICKS.flatMap((trick) => trick.urls);
  expect(evil.length).toBeGreaterThanOrEqual(80);
  expect(LEGITIMATE_URLS.length).toBeGreaterThanOrEqual(25);
  const all = [...evil, ...LEGITIMATE_URLS];
  expect(all.filter((url, index) => all.indexOf(url) !== index)).toEqual([]);
});

describe('accepts legitimate URLs', () => {
  it.each(LEGITIMATE_URLS)('%j', (url) => {
    expect(judged(url, PUBLIC)).toBe('yes');
    expect(judged(url, DEVELOPMENT)).toBe('yes');
    expect(judged(url, PUBLIC, BASE)).toBe('yes');
    // The parsed form is fetched, so it must be accepted too.
    expect(judged(URL.parse(url)!.href, PUBLIC)).toBe('yes');
  });
});

describe('a URL without a base', () => {
  it.each(['', ...NOT_ABSOLUTE])('%j is refused as not a URL', (value) => {
    expect(judged(value, PUBLIC)).toMatch(/not a URL/);
    expect(judged(value, DEVELOPMENT)).toMatch(/not a URL/);
  });
});

describe('a path resolved against a base', () => {
  it.each([
    ['/health', BASE, `${BASE}/health`],
    ['health?x=1', 'https://a.example.com/deep/', 'https://a.example.com/deep/health?x=1'],
    ['/health', 'https://gw.example.com/orders', 'https://gw.example.com/orders/health'],
    ['health', 'https://gw.example.com/orders', 'https://gw.example.com/orders/health'],
    ['/health', 'https://gw.example.com/orders/?v=2#top', 'https://gw.example.com/orders/health'],
    ['/', 'https://gw.example.com/orders', 'https://gw.example.com/orders/'],
    ['?x=1', 'https://gw.example.com/orders', 'https://gw.example.com/orders?x=1'],
    ['/health', 'https://gw.example.com//evil.example.com', 'https://gw.example.com//evil.example.com/health'],
    ['/../health', 'https://gw.example.com/orders', 'https://gw.example.com/health'],
    ['', BASE, BASE],
    ['?x=@y', BASE, `${BASE}?x=@y`],
    ['/@team', BASE, `${BASE}/@team`],
    ['/a//b', BASE, `${BASE}/a//b`],
    ['/https://127.0.0.1/', BASE, `${BASE}/https://127.0.0.1/`],
    ['https://b.example.com/h', BASE, 'https://b.example.com/h'],
    ['/../../h', BASE, 'https://a.example.com/h'],
    ['/h', 'https://a.example.com:8443', 'https://a.example.com:8443/h'],
  ])('resolves %j on %s', (value, base, expected) => {
    const verdict = judgeUrl(value, PUBLIC, base);
    expect(verdict.ok && verdict.url.href).toBe(expected);
  });

  it.each([
    ['/health', 'http://a.example.com', /https is required/],
    ['/health', 'https://10.0.0.1', /IP address/],
    ['/health', 'https://user@a.example.com', /credentials/],
    ['/health', 'https://a.example.com:9000', /port/],
    ['/health', 'https://a.exam\tple.com', /U\+0009/],
    ['/health', 'https:/a.example.com', /with \/\/ and a host/],
    ['/health', 'https://%61.example.com', /percent/],
    ['/health', 'nowhere', /not a URL/],
    ['/health', '', /not a URL/],
  ])('%j on %j is refused', (value, base, expected) => {
    expect(judged(value, PUBLIC, base)).toMatch(expected);
  });
});

describe('in development mode', () => {
  it.each([
    'http://localhost:9000',
    'http://127.0.0.1:9000/health',
    'http://[::1]:9000',
    'https://10.0.0.8',
    'http://router',
    'http://printer.local:80',
    'https://example.com:22',
    'https://metadata.google.internal',
    'https://127.0.0.1.nip.io',
  ])('%s is accepted', (url) => expect(judged(url, DEVELOPMENT)).toBe('yes'));

  it.each([
    ['http://user:secret@localhost', /credentials/],
    ['http://@localhost', /credentials/],
    ['ftp://localhost', /https is required/],
    ['data:text/plain,ok', /https is required/],
    ['file:///etc/passwd', /https is required/],
    ['http://0x7f.1', /written as it is parsed, 127\.0\.0\.1/],
    ['http://2130706433', /written as it is parsed/],
    ['http://127.0.0.1.', /written as it is parsed/],
    ['http://１２７.0.0.1', /written as it is parsed/],
    ['http://%31%32%37.0.0.1', /percent/],
    ['http:localhost', /with \/\/ and a host/],
    ['http:\\\\localhost', /backslash/],
    ['http://local\thost', /U\+0009/],
    ['http://localhost..', /not a public host name/],
    ['http://localhost:', /port/],
    ['nonsense', /not a URL/],
  ])('%j is still refused', (url, expected) => expect(judged(url, DEVELOPMENT)).toMatch(expected));
});

describe('the host list of a deployment', () => {
  const listed = { ...PUBLIC, hosts: ['api.example.com', '*.Example.org'] };

  it.each([
    'https://api.example.com/health',
    'https://api.example.com.',
    'https://API.example.com',
    'https://a.example.org',
    'https://a.b.c.example.org',
  ])('accepts %s', (url) => expect(judged(url, listed)).toBe('yes'));

  it.each([
    'https://example.com',
    'https://a.api.example.com',
    'https://example.org',
    'https://aexample.org',
    'https://a.example.org.evil.example.net',
    'https://evil.example.net/api.example.com',
  ])('refuses %s', (url) => expect(judged(url, listed)).toMatch(/not among the hosts/));

  it('refuses every host if empty', () => {
    for (const url of LEGITIMATE_URLS) expect(judged(url, { ...PUBLIC, hosts: [] })).toMatch(/not among the hosts/);
  });

  it('allows no private name, and applies in development too', () => {
    expect(judged('https://db.internal', { ...PUBLIC, hosts: ['db.internal'] })).toMatch(/not a public/);
    expect(judged('https://10.0.0.1', { ...PUBLIC, hosts: ['10.0.0.1'] })).toMatch(/IP address/);
    expect(judged('http://localhost:1', { ...DEVELOPMENT, hosts: ['localhost'] })).toBe('yes');
    expect(judged('http://[::1]:1', { ...DEVELOPMENT, hosts: ['[::1]'] })).toBe('yes');
    expect(judged('http://127.0.0.1', { ...DEVELOPMENT, hosts: ['localhost'] })).toMatch(/not among/);
  });

  it('is combined with the port list, implicit 443 included', () => {
    const ports = { ...PUBLIC, ports: [9443] };
    expect(judged('https://example.com:9443', ports)).toBe('yes');
    expect(judged('https://example.com', ports)).toBe('port 443 is not accepted, only 9443');
    expect(judged('https://example.com:8443', ports)).toMatch(/port 8443/);
  });
});

describe('judgeUrl, for any text', () => {
  const part = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom('https:', 'http:', '//', '/', '@', '\\', '.', ':', '%', '#', '?', '[', ']', '127.0.0.1', '0x7f'),
    fc.constantFrom('localhost', 'example.com', 'metadata.goog', '::1', '１', '。', '\t', '\u202E', 'xn--', '443'),
  );
  const text = fc.oneof(
    fc.array(part, { maxLength: 12 }).map((parts) => parts.join('')),
    fc.array(part, { maxLength: 8 }).map((parts) => `https://${parts.join('')}`),
  );

  it('never throws, and accepts only public https URLs whose parsed form is accepted too', () => {
    fc.assert(
      fc.property(text, fc.option(fc.constant(BASE), { nil: undefined }), (value, base) => {
        const verdict = judgeUrl(value, PUBLIC, base);
        if (!verdict.ok) return;
        expect(verdict.url.protocol).toBe('https:');
        expect(verdict.url.hostname).toMatch(/^[a-z0-9_-]+(\.[a-z0-9_-]+)+\.?$/);
        expect(verdict.url.hostname).not.toMatch(/^[\d.]+$|(^|\.)localhost\.?$/);
        expect([verdict.url.username, verdict.url.password]).toEqual(['', '']);
        expect(judged(verdict.url.href, PUBLIC)).toBe('yes');
      }),
      { numRuns: 2_000 },
    );
  });

  it('accepts in development every URL that it accepts in production', () => {
    fc.assert(
      fc.property(text, (value) => {
        if (judgeUrl(value, PUBLIC).ok) expect(judged(value, DEVELOPMENT)).toBe('yes');
      }),
    );
  });

  it('gives the reason in one printable line with at most 80 characters of the input', () => {
    fc.assert(
      fc.property(text, fc.constantFrom(PUBLIC, DEVELOPMENT), (value, policy) => {
        const message = judged(value, policy);
        expect(message).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(message.length).toBeLessThanOrEqual(256);
      }),
    );
    for (const long of [
      'x'.repeat(500),
      `${'x'.repeat(500)}://a`,
      `https://${'x'.repeat(500)}`,
      `https://${'x.'.repeat(60)}localhost`,
      `https://${'x'.repeat(200)}.x.example.com`,
    ]) {
      expect(judged(long, PUBLIC)).not.toMatch(/(x\.?){81}/);
    }
  });

  it('handles long text fast', () => {
    const began = performance.now();
    for (const long of ['@', '.', ':', '/', '\\', '%', 'a.', '[', '1.']) {
      judgeUrl(`https://${long.repeat(100_000)}`, PUBLIC);
      judgeUrl(long.repeat(100_000), PUBLIC, BASE);
    }
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});
