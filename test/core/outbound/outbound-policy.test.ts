import { describe, expect, it } from 'vitest';
import { DEFAULT_PORTS, judgeUrl } from '../../../src/core/outbound/url-policy.ts';
import { outboundPolicyOf } from '../../../src/outbound/outbound-policy.ts';

describe('outboundPolicyOf', () => {
  it('allows any public host at the default ports without settings', () => {
    const expected = { allowPrivate: false, ports: DEFAULT_PORTS, hosts: null };
    expect(outboundPolicyOf({})).toEqual(expected);
    expect(outboundPolicyOf({ ALLOW_PRIVATE_ENDPOINTS: '', OUTBOUND_HOSTS: ' ', OUTBOUND_PORTS: '' })).toEqual(
      expected,
    );
  });

  it.each([
    ['true', true],
    ['false', false],
    ['TRUE', false],
    ['1', false],
    ['yes', false],
    [' true', false],
  ])('reads %j as development setting: %s', (value, expected) => {
    expect(outboundPolicyOf({ ALLOW_PRIVATE_ENDPOINTS: value }).allowPrivate).toBe(expected);
  });

  it.each([
    ['443', [443]],
    ['443,9443', [443, 9443]],
    [' 443 , 65535 ', [443, 65_535]],
    ['443;8443', DEFAULT_PORTS],
    ['443,', DEFAULT_PORTS],
    ['443,https', DEFAULT_PORTS],
    ['0', DEFAULT_PORTS],
    ['443,65536', DEFAULT_PORTS],
    ['-1', DEFAULT_PORTS],
    ['1e3', DEFAULT_PORTS],
    ['*', DEFAULT_PORTS],
  ])('reads the ports %j', (value, expected) => {
    expect(outboundPolicyOf({ OUTBOUND_PORTS: value }).ports).toEqual(expected);
  });

  it.each([
    ['api.example.com', ['api.example.com']],
    [' API.example.com. ,*.Example.org', ['api.example.com', '*.example.org']],
    ['bücher.example,*.日本語.example', ['xn--bcher-kva.example', '*.xn--wgv71a119e.example']],
    ['localhost,127.0.0.1,[::1]', ['localhost', '127.0.0.1', '[::1]']],
    [',', []],
    ['*', []],
    ['*.', []],
    ['*.*.example.com', []],
    ['api.*.com', []],
    ['https://api.example.com', []],
    ['api.example.com:443', []],
    ['api.example.com/x', []],
    ['a b', []],
    ['good.example.com, not/one', ['good.example.com']],
  ])('reads the hosts %j', (value, expected) => {
    expect(outboundPolicyOf({ OUTBOUND_HOSTS: value }).hosts).toEqual(expected);
  });

  it('allows an internationalized host in either spelling', () => {
    const policy = outboundPolicyOf({ OUTBOUND_HOSTS: 'bücher.example.com' });
    expect(judgeUrl('https://BÜCHER.example.com', policy).ok).toBe(true);
    expect(judgeUrl('https://xn--bcher-kva.example.com', policy).ok).toBe(true);
    expect(judgeUrl('https://bucher.example.com', policy).ok).toBe(false);
  });
});
