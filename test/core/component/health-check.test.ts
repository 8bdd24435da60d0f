import { describe, expect, it } from 'vitest';
import { HealthCheckSchema } from '../../../src/core/component/health-check.ts';

const faultsOf = (check: Record<string, unknown>): string[] =>
  (HealthCheckSchema.safeParse({ endpoint: '/health', ...check }).error?.issues ?? []).map(({ path }) =>
    path.join('.'),
  );

const headers = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, 'v']));

describe('the expected response', () => {
  it.each([
    [{ status: [200] }],
    [{ status: [200, 204, 302, 503] }],
    [{ body: { contains: 'ok' } }],
    [{ body: { pointer: '/status', value: 'UP' } }],
    [{ body: { pointer: '', value: null } }],
    [{ body: { pointer: '/a~1b/m~0n/0', value: 0.5 } }],
    [{ status: [200], body: { pointer: '/ok', value: true } }],
  ])('may be %j', (expected) => {
    expect(HealthCheckSchema.parse({ endpoint: '/health', expect: expected })).toMatchObject({ expect: expected });
  });

  it.each([
    ['nothing', {}],
    ['no status', { status: [] }],
    ['an invalid status', { status: [199] }],
    ['a status in quotes', { status: ['200'] }],
    ['one status', { status: 200 }],
    ['17 statuses', { status: Array.from({ length: 17 }, () => 200) }],
    ['no text', { body: { contains: '' } }],
    ['a long text', { body: { contains: 'x'.repeat(257) } }],
    ['text and a pointer', { body: { contains: 'x', pointer: '', value: 1 } }],
    ['a pointer without a value', { body: { pointer: '/a' } }],
    ['a pointer without a slash', { body: { pointer: 'a', value: 1 } }],
    ['a pointer with a lone tilde', { body: { pointer: '/a~', value: 1 } }],
    ['an object as value', { body: { pointer: '/a', value: {} } }],
    ['NaN', { body: { pointer: '/a', value: NaN } }],
    ['an unknown field', { header: 'x' }],
  ])('may not be %s', (_, expected) => {
    expect(faultsOf({ expect: expected }).length).toBeGreaterThan(0);
  });

  it('may not include a body for HEAD', () => {
    expect(faultsOf({ method: 'HEAD', expect: { body: { contains: 'x' } } })).toEqual(['expect.body']);
    expect(faultsOf({ method: 'HEAD', expect: { status: [200] } })).toEqual([]);
  });
});

describe('the headers of a check', () => {
  it('are stored in lower case', () => {
    const check = HealthCheckSchema.parse({
      endpoint: '/health',
      headers: { 'X-Token': 'S3cret', Authorization: 'Bearer x y' },
    });
    expect(check.headers).toEqual({ 'x-token': 'S3cret', authorization: 'Bearer x y' });
  });

  it('are at most eight', () => {
    expect(faultsOf({ headers: headers(8) })).toEqual([]);
    expect(faultsOf({ headers: headers(9) })).toEqual(['headers']);
  });

  it.each([
    'Host',
    'user-agent',
    'Connection',
    'keep-alive',
    'TE',
    'trailer',
    'Transfer-Encoding',
    'upgrade',
    'expect',
    'content-length',
    'content-encoding',
    'accept-encoding',
    'range',
    'forwarded',
    'via',
    'date',
    'origin',
    'referer',
    'x-real-ip',
    'true-client-ip',
    'Proxy-Authorization',
    'sec-fetch-mode',
    'CF-Connecting-IP',
    'x-forwarded-for',
    '',
    'a b',
    'a:b',
    'a\r\nb',
    'ä',
    'x'.repeat(65),
  ])('may not have the name %j', (name) => {
    expect(faultsOf({ headers: { [name]: 'v' } })).toEqual([`headers.${name}`]);
  });

  it('may not be named like a built-in object property, nor twice', () => {
    expect(faultsOf({ headers: JSON.parse('{"__proto__":"v"}') as unknown })).not.toEqual([]);
    expect(faultsOf({ headers: { 'x-token': 'a', 'X-Token': 'b' } })).toEqual(['headers.X-Token']);
  });

  it.each(['', ' v', 'v ', 'a\r\nb: c', 'a\u0000b', 'ä', 'x'.repeat(1_025)])('may not have the value %j', (value) => {
    expect(new Set(faultsOf({ headers: { 'x-a': value } }))).toEqual(new Set(['headers.x-a']));
  });
});

const pointers = (count: number) => Array.from({ length: count }, (_, index) => `/${index}`);

describe('the details of a response', () => {
  it.each([
    { details: true },
    { details: false },
    { details: ['/a~1b/0'] },
    { details: [''] },
    { details: pointers(16) },
  ])('may be %j', ({ details }) => {
    expect(HealthCheckSchema.parse({ endpoint: '/health', details })).toMatchObject({ details });
  });

  it.each([null, 'true', {}, 'none', 17])('may not be %j', (details) => {
    expect(faultsOf({ details })).toEqual(['details']);
  });

  it('may not be an empty list, a longer list than 16, or one with an item that is no pointer', () => {
    expect(faultsOf({ details: [] })).toEqual(['details']);
    expect(faultsOf({ details: pointers(17) })).toEqual(['details']);
    for (const item of ['status', '/a~', 'x'.repeat(257)])
      expect(new Set(faultsOf({ details: ['/a', item] }))).toEqual(new Set(['details.1']));
    expect(faultsOf({ details: ['/a', 1] })).toEqual(['details']);
  });

  it('may not be requested of HEAD', () => {
    expect(faultsOf({ method: 'HEAD', details: true })).toEqual(['details']);
    expect(faultsOf({ method: 'HEAD', details: false })).toEqual([]);
  });
});
