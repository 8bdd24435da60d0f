import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import type { Answer } from '../support/coordinator-http.ts';
import { call, freshId } from '../support/coordinator-http.ts';
import { expectNothingStored } from '../support/expect-nothing-stored.ts';
import { expectProblem } from '../support/expect-problem.ts';
import { silentRegistration } from '../support/silent-registration.ts';

/** A call to a deployment that accepts public https URLs only. */
async function callInPublic(method: string, path: string, body: unknown): Promise<Answer> {
  const request = new Request(`https://coordinator.test${path}`, {
    method,
    headers: { authorization: 'Bearer test-admin-key', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const response = await createApp().fetch(
    request,
    { ...env, ALLOW_PRIVATE_ENDPOINTS: 'false' },
    createExecutionContext(),
  );
  return { status: response.status, body: await response.json(), headers: response.headers };
}

const REFUSED = [
  'http://registry.example.com',
  'https://localhost',
  'https://localhost.:8443/',
  'https://api.localhost',
  'https://127.0.0.1',
  'https://0x7f.1',
  'https://2130706433',
  'https://１２７.0.0.1',
  'https://10.0.0.8/health',
  'https://192.168.1.1',
  'https://169.254.169.254/latest/meta-data',
  'https://8.8.8.8',
  'https://[::1]',
  'https://[::ffff:127.0.0.1]',
  'https://[fd00::1]',
  'https://printer.local',
  'https://db.internal',
  'https://metadata.google.internal.',
  'https://intranet',
  'https://user:pass@registry.example.com',
  'ftp://registry.example.com',
  'file:///etc/passwd',
  'data:text/plain,healthy',
  'javascript:alert(1)',
  'registry.example.com',
  '/only/a/path',
];

describe('URLs where only public ones are accepted', () => {
  it.each(REFUSED)('%s is refused as endpoint', async (endpoint) => {
    const refused = await callInPublic('POST', '/v1/components', silentRegistration(freshId(), { endpoint }));
    expect(expectProblem(refused, 422, 'endpoint-not-allowed')).toEqual(['endpoint']);
  });

  it.each([
    'http://a.example.com/health',
    'https://127.0.0.1/health',
    '//127.0.0.1/health',
    '//localhost/health',
    'https://[::1]/health',
  ])('%s is refused as the place to check or to control, with its path', async (url) => {
    const refused = await callInPublic(
      'POST',
      '/v1/components',
      silentRegistration(freshId(), {
        healthCheck: { endpoint: url },
        control: { endpoint: url, actions: ['restart'] },
      }),
    );
    expect(expectProblem(refused, 422, 'endpoint-not-allowed')).toEqual(['healthCheck.endpoint', 'control.endpoint']);
  });

  it('refused, leaves nothing stored', async () => {
    const id = freshId();
    expectProblem(
      await callInPublic('POST', '/v1/components', silentRegistration(id, { endpoint: 'https://10.1.1.1' })),
      422,
      'endpoint-not-allowed',
    );
    await expectNothingStored(id);
  });

  it('are judged again in every change', async () => {
    const id = freshId();
    expect((await callInPublic('POST', '/v1/components', silentRegistration(id))).status).toBe(201);
    const whole = silentRegistration(id, { endpoint: 'https://10.1.1.1' });
    expect(
      expectProblem(await callInPublic('PUT', `/v1/components/${id}`, whole), 422, 'endpoint-not-allowed'),
    ).toEqual(['endpoint']);
    const part = { control: { endpoint: 'https://localhost/control', actions: ['restart'] } };
    expect(
      expectProblem(await callInPublic('PATCH', `/v1/components/${id}`, part), 422, 'endpoint-not-allowed'),
    ).toEqual(['control.endpoint']);
    expect((await call('GET', `/v1/components/${id}`)).body.endpoint).toBe(`https://${id}.example.com`);
  });

  it('are accepted when they are public, paths on the endpoint included', async () => {
    const id = freshId();
    const registration = silentRegistration(id, { control: { endpoint: '/control', actions: ['restart'] } });
    const answer = await callInPublic('POST', '/v1/components', registration);
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ endpoint: `https://${id}.example.com`, control: { endpoint: '/control' } });
  });
});

describe('URLs under the development setting', () => {
  it.each(['http://localhost:9000', 'http://127.0.0.1:9000', 'http://[::1]:9000', 'https://10.0.0.8'])(
    '%s is accepted',
    async (endpoint) => {
      expect((await call('POST', '/v1/components', silentRegistration(freshId(), { endpoint }))).status).toBe(201);
    },
  );

  it.each(['ftp://localhost', 'data:text/plain,x', 'file:///etc/passwd', 'http://user:pass@localhost', 'nonsense'])(
    '%s is refused all the same',
    async (endpoint) => {
      const refused = await call('POST', '/v1/components', silentRegistration(freshId(), { endpoint }));
      expect(expectProblem(refused, 422, 'endpoint-not-allowed')).toEqual(['endpoint']);
    },
  );
});
