import { describe, expect, it } from 'vitest';
import { judgeEndpoint } from '../../../src/core/component/endpoint-policy.ts';

const PUBLIC = { allowPrivate: false };
const DEVELOPMENT = { allowPrivate: true };

type Verdicts = readonly [value: string, inPublic: 'yes' | RegExp, inDevelopment: 'yes' | RegExp];

const IP = /IP address/;
const LOCAL = /not a public host name/;
const SCHEME = /https is required/;
const CREDENTIALS = /credentials/;
const NO_URL = /not a URL/;

const TABLE: readonly Verdicts[] = [
  ['https://registry.example.com', 'yes', 'yes'],
  ['https://registry.example.com:8443/health?deep=1', 'yes', 'yes'],
  ['https://EXAMPLE.com/', 'yes', 'yes'],
  ['https://example.com./health', 'yes', 'yes'],
  ['https://bücher.example', 'yes', 'yes'],
  ['https://local.example.com', 'yes', 'yes'],
  ['https://mylocal.com', 'yes', 'yes'],
  ['https://1.example.com', 'yes', 'yes'],
  ['http://example.com', SCHEME, 'yes'],
  ['http://localhost:8787/health', SCHEME, 'yes'],
  ['http://127.0.0.1:8787', SCHEME, 'yes'],
  ['ftp://example.com/health', SCHEME, SCHEME],
  ['data:text/plain,ok', SCHEME, SCHEME],
  ['file:///etc/passwd', SCHEME, SCHEME],
  ['javascript:alert(1)', SCHEME, SCHEME],
  ['blob:https://example.com/1', SCHEME, SCHEME],
  ['ws://example.com', SCHEME, SCHEME],
  ['wss://example.com', SCHEME, SCHEME],
  ['https://127.0.0.1', IP, 'yes'],
  ['https://8.8.8.8', IP, 'yes'],
  ['https://169.254.169.254/latest/meta-data', IP, 'yes'],
  ['https://10.0.0.1.', IP, 'yes'],
  ['https://127.1', IP, 'yes'],
  ['https://0', IP, 'yes'],
  ['https://0x7f.1', IP, 'yes'],
  ['https://0x7f000001', IP, 'yes'],
  ['https://0177.0.0.1', IP, 'yes'],
  ['https://017700000001', IP, 'yes'],
  ['https://2130706433', IP, 'yes'],
  ['https://１２７.0.0.1', IP, 'yes'],
  ['https://１２７。０。０。１', IP, 'yes'],
  ['https://%31%32%37.0.0.1', IP, 'yes'],
  ['https://[::1]', IP, 'yes'],
  ['https://[::ffff:127.0.0.1]', IP, 'yes'],
  ['https://[2606:4700::1111]:443', IP, 'yes'],
  ['https://localhost', LOCAL, 'yes'],
  ['https://LOCALHOST./', LOCAL, 'yes'],
  ['https://ⓛⓞⓒⓐⓛhost', LOCAL, 'yes'],
  ['https://api.localhost', LOCAL, 'yes'],
  ['https://printer.local', LOCAL, 'yes'],
  ['https://printer.local.', LOCAL, 'yes'],
  ['https://printer。local', LOCAL, 'yes'],
  ['https://metadata.google.internal', LOCAL, 'yes'],
  ['https://box.lan', LOCAL, 'yes'],
  ['https://box.localdomain', LOCAL, 'yes'],
  ['https://nas.home.arpa', LOCAL, 'yes'],
  ['https://localhost../', LOCAL, 'yes'],
  ['https://127.0.0.1../', LOCAL, 'yes'],
  ['https://0x7f.1../', LOCAL, 'yes'],
  ['https://a..b.com', LOCAL, 'yes'],
  ['https://.example.com', LOCAL, 'yes'],
  ['https://./', LOCAL, 'yes'],
  ['https://../', LOCAL, 'yes'],
  ['https://box.home', LOCAL, 'yes'],
  ['https://wiki.corp', LOCAL, 'yes'],
  ['https://wiki.intranet', LOCAL, 'yes'],
  ['https://api.test', LOCAL, 'yes'],
  ['https://api.invalid.', LOCAL, 'yes'],
  ['https://abcdef.onion', LOCAL, 'yes'],
  ['https://test.example.com', 'yes', 'yes'],
  ['https://router', LOCAL, 'yes'],
  ['https://router.', LOCAL, 'yes'],
  ['https://user:secret@example.com', CREDENTIALS, CREDENTIALS],
  ['https://token@example.com', CREDENTIALS, CREDENTIALS],
  ['https://example.com@127.0.0.1', CREDENTIALS, CREDENTIALS],
  ['', NO_URL, NO_URL],
  ['registry.example.com', NO_URL, NO_URL],
  ['/health', NO_URL, NO_URL],
  ['//example.com', NO_URL, NO_URL],
  ['https://', NO_URL, NO_URL],
  ['https://exa mple.com', NO_URL, NO_URL],
  ['https://1.2.3.4.5', NO_URL, NO_URL],
  ['https://256.0.0.1', NO_URL, NO_URL],
];

const judged = (value: string, policy: { allowPrivate: boolean }, base?: string): string => {
  const verdict = judgeEndpoint(value, policy, base);
  return verdict.ok ? 'yes' : verdict.message;
};

describe('judgeEndpoint', () => {
  it.each(TABLE)('%s', (value, inPublic, inDevelopment) => {
    expect(judged(value, PUBLIC)).toMatch(inPublic);
    expect(judged(value, DEVELOPMENT)).toMatch(inDevelopment);
  });

  it.each([
    ['/health', 'https://a.example.com/deep/path', 'https://a.example.com/health'],
    ['health?x=1', 'https://a.example.com/deep/', 'https://a.example.com/deep/health?x=1'],
    ['https://b.example.com/h', 'https://a.example.com', 'https://b.example.com/h'],
    ['//b.example.com/h', 'https://a.example.com', 'https://b.example.com/h'],
    ['/../../h', 'https://a.example.com/x', 'https://a.example.com/h'],
  ])('resolves %s on %s', (value, base, expected) => {
    const verdict = judgeEndpoint(value, PUBLIC, base);
    expect(verdict.ok && verdict.url.href).toBe(expected);
  });

  it.each([
    ['//127.1/h', 'https://a.example.com', IP],
    ['\\\\127.1\\h', 'https://a.example.com', IP],
    ['https://localhost/h', 'https://a.example.com', LOCAL],
    ['data:text/plain,ok', 'https://a.example.com', SCHEME],
    ['http://a.example.com/h', 'https://a.example.com', SCHEME],
    ['/health', 'http://a.example.com', SCHEME],
    ['/health', 'https://10.0.0.1', IP],
    ['/health', 'nowhere', NO_URL],
  ])('judges %s on %s by where it leads', (value, base, expected) => {
    expect(judged(value, PUBLIC, base)).toMatch(expected);
  });

  it('quotes at most 80 characters of what is no URL', () => {
    expect(judged('x'.repeat(500), PUBLIC).length).toBeLessThan(120);
  });
});
