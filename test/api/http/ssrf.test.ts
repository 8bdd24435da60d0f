import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { createApp } from '../../../src/api/app.ts';
import { judgeAttempt } from '../../../src/core/delivery/delivery-attempt.ts';
import { coordinator } from '../../../src/coordinator/contract/coordinator-api.ts';
import type { OutboundPolicy } from '../../../src/core/outbound/url-policy.ts';
import { sendWebhook } from '../../../src/deliveries/send-webhook.ts';
import { outboundPolicyOf } from '../../../src/outbound/outbound-policy.ts';
import { probeCanary, probeHttp } from '../../../src/probe/http-probe.ts';
import { callControl } from '../../../src/recovery/control-call.ts';
import type { ApiResponse } from '../../support/coordinator-http.ts';
import { call, freshId, setMode } from '../../support/coordinator-http.ts';
import { expectNothingStored } from '../../support/expect-nothing-stored.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { listIds } from '../../support/list-ids.ts';
import { silentRegistration } from '../../support/silent-registration.ts';
import { LEGITIMATE_URLS, NOT_ABSOLUTE, TRICKS } from '../../support/url-spellings.ts';

/** Disables the rate limits, which these tests would exceed. */
const limiter = { limit: async () => ({ success: true }) };
const UNLIMITED = Object.fromEntries(
  Object.keys(env)
    .filter((name) => name.startsWith('RATE_LIMIT_'))
    .map((name) => [name, limiter]),
);

const ADMIN_KEY = 'an-admin-key-long-enough-for-a-deployment';
/** The settings of a deployment that accepts public https URLs only. */
const STRICT_ENV: Env = {
  ...env,
  ...UNLIMITED,
  COORDINATOR_ADMIN_KEY: ADMIN_KEY,
  ALLOW_PRIVATE_ENDPOINTS: '',
  OUTBOUND_HOSTS: '',
  OUTBOUND_PORTS: '',
};
const STRICT = outboundPolicyOf(STRICT_ENV);
const DEVELOPMENT = outboundPolicyOf({ ALLOW_PRIVATE_ENDPOINTS: 'true' });
const EVIL = TRICKS.flatMap(({ urls }) => urls);
const SECRET = 'whsec_dGhlIHNlY3JldCBvZiBhIGNvbXBvbmVudA==';

const app = createApp();

async function callIn(deployment: Env, method: string, path: string, body: unknown): Promise<ApiResponse> {
  const request = new Request(`https://coordinator.test${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const response = await app.fetch(request, deployment, createExecutionContext());
  return { status: response.status, body: await response.json(), headers: response.headers };
}

/** Every field of a registration that contains a URL. */
const PLACES: readonly (readonly [path: string, part: (url: string) => Record<string, unknown>])[] = [
  ['endpoint', (url) => ({ endpoint: url })],
  ['healthCheck.endpoint', (url) => ({ healthCheck: { endpoint: url, interval: 3_600_000 } })],
  ['control.endpoint', (url) => ({ control: { endpoint: url, actions: ['restart'] } })],
];

/** Every kind of outbound call: the detail it reports for `url`, and whether it counts the response as a success. */
const OUTBOUND_CALLS: readonly (readonly [
  name: string,
  go: (url: string, policy: OutboundPolicy) => Promise<{ readonly ok: boolean; readonly detail: string }>,
])[] = [
  [
    'a probe',
    async (url, policy) => {
      const times = { timeoutMs: 5_000, degradedAfterMs: 4_000, suspicionMs: 4_000 };
      const outcome = await probeHttp({ url, method: 'GET', ...times }, policy, () => undefined);
      return outcome.kind === 'failed'
        ? { ok: false, detail: `${outcome.error.code} ${outcome.error.message}` }
        : { ok: true, detail: outcome.kind };
    },
  ],
  [
    'a control call',
    async (url, policy) => {
      const key = { recoveryId: 'r-1', idempotencyKey: 'r-1-0' };
      const cause = { reason: 'internal_error', detail: '' } as const;
      const request = { action: 'restart', componentId: 'c', ...key, ...cause, parameters: {} } as const;
      const called = await callControl({ url, secrets: [SECRET], request }, policy, Date.now());
      return { ok: called.ok, detail: called.ok ? String(called.value.status) : called.message };
    },
  ],
  [
    'a canary check',
    async (url, policy) => {
      const seen = await probeCanary(url, policy);
      if (seen.kind === 'answered') return { ok: seen.status < 300, detail: `answered HTTP ${seen.status}` };
      return { ok: false, detail: `${seen.error.code} ${seen.error.message}` };
    },
  ],
  [
    'a webhook',
    async (url, policy) => {
      const job = { id: 'd-1', url, secrets: [SECRET], payload: '{}', contentType: 'application/json' };
      const sent = await sendWebhook(job, policy);
      const verdict = judgeAttempt(sent);
      return verdict.kind === 'delivered'
        ? { ok: true, detail: String(sent.status) }
        : { ok: false, detail: verdict.error };
    },
  ],
];

const fetchSpy = vi.spyOn(globalThis, 'fetch');

beforeEach(() => {
  fetchSpy.mockReset();
});
afterEach(() => {
  fetchSpy.mockReset();
});

const stubFetch = (): void => {
  fetchSpy.mockImplementation(async () => new Response('{"status":"healthy"}'));
};

describe(`stored: each of ${EVIL.length} evil spellings in ${PLACES.length} places through POST, PUT and PATCH`, () => {
  const componentId = freshId('held');
  const refusedIds: string[] = [];

  const register = (): Promise<ApiResponse> =>
    callIn(STRICT_ENV, 'POST', '/v1/components', silentRegistration(componentId));

  it('starts with a registered component', async () => {
    const registered = await register();
    expect({ status: registered.status, body: registered.body }).toMatchObject({ status: 201 });
  });

  describe.each(TRICKS)('$name', ({ urls }) => {
    it.each(urls)('%j', async (url) => {
      for (const [path, part] of PLACES) {
        const id = freshId('evil');
        refusedIds.push(id);
        const refusals = [
          await callIn(STRICT_ENV, 'POST', '/v1/components', silentRegistration(id, part(url))),
          await callIn(STRICT_ENV, 'PUT', `/v1/components/${componentId}`, silentRegistration(componentId, part(url))),
          await callIn(STRICT_ENV, 'PATCH', `/v1/components/${componentId}`, part(url)),
        ];
        for (const refusal of refusals) {
          expect(expectProblem(refusal, 422, 'endpoint-not-allowed')).toEqual([path]);
          expect(refusal.body.errors[0].message.length).toBeLessThanOrEqual(256);
        }
      }
      expect(fetchSpy).not.toHaveBeenCalled();
    });
  });

  it.each(NOT_ABSOLUTE)('%j is refused as endpoint: a relative path has no base there', async (url) => {
    const refused = await callIn(
      STRICT_ENV,
      'POST',
      '/v1/components',
      silentRegistration(freshId(), { endpoint: url }),
    );
    expect(expectProblem(refused, 422, 'endpoint-not-allowed')).toEqual(['endpoint']);
  });

  it('is refused as canary and controller URL of all types or of one, in every spelling', async () => {
    for (const url of EVIL) {
      for (const path of ['/v1/config', '/v1/config/types/task_router']) {
        const controller = { url, actions: ['restart'] };
        const refused = await callIn(STRICT_ENV, 'PUT', path, { canaryUrl: url, controller });
        // The schema refuses a URL beyond its maximum length before the policy is applied.
        expect(refused.status, url).toBe(422);
        const places = refused.body.errors.map(({ path: at }: { path: string }) => at);
        expect(places).toEqual(['canaryUrl', 'controller.url']);
      }
    }
    expect(fetchSpy).not.toHaveBeenCalled();
  });

  it('stores nothing of the refused registrations', async () => {
    const unchanged = await register();
    expect({ status: unchanged.status, body: unchanged.body }).toMatchObject({
      status: 200,
      body: { endpoint: `https://${componentId}.example.com`, generation: 1 },
    });
    expect(unchanged.body.healthCheck).toBeUndefined();
    expect(unchanged.body.control).toBeUndefined();
    const types = await Promise.all(refusedIds.map(async (id) => coordinator().typeOf(id)));
    expect(types.filter((type) => type !== null)).toEqual([]);
    expect((await listIds()).filter((id) => refusedIds.includes(id))).toEqual([]);
    await expectNothingStored(refusedIds[0]!);
  });

  it('names every invalid field at once; a relative path is judged by its resolved URL', async () => {
    const body = silentRegistration(freshId(), {
      endpoint: 'https://10.0.0.1',
      healthCheck: { endpoint: '/health' },
      control: { endpoint: 'https://db.internal', actions: ['restart'] },
    });
    const refused = await callIn(STRICT_ENV, 'POST', '/v1/components', body);
    const everywhere = ['endpoint', 'healthCheck.endpoint', 'control.endpoint'];
    expect(expectProblem(refused, 422, 'endpoint-not-allowed')).toEqual(everywhere);
  });

  it('is also judged by the host and port lists of the deployment', async () => {
    const deployment = { ...STRICT_ENV, OUTBOUND_HOSTS: 'api.example.com,*.example.org', OUTBOUND_PORTS: '9443' };
    const statusFor = async (endpoint: string): Promise<number> =>
      (await callIn(deployment, 'POST', '/v1/components', silentRegistration(freshId(), { endpoint }))).status;
    expect(await statusFor('https://api.example.com:9443')).toBe(201);
    expect(await statusFor('https://a.b.example.org:9443/x')).toBe(201);
    expect(await statusFor('https://api.example.com')).toBe(422);
    expect(await statusFor('https://other.example.com:9443')).toBe(422);
  });
});

describe(`stored: each of ${LEGITIMATE_URLS.length} legitimate URLs is accepted in ${PLACES.length} places`, () => {
  it.each(LEGITIMATE_URLS)('%j', async (url) => {
    stubFetch();
    const id = freshId('good');
    const parts = Object.assign({}, ...PLACES.map(([, part]) => part(url))) as Record<string, unknown>;
    const registered = await callIn(STRICT_ENV, 'POST', '/v1/components', silentRegistration(id, parts));
    expect(registered.body).toMatchObject({
      endpoint: url,
      healthCheck: { endpoint: url },
      control: { endpoint: url },
    });
    expect(registered.status).toBe(201);
    for (const [, part] of PLACES) {
      const whole = await callIn(STRICT_ENV, 'PUT', `/v1/components/${id}`, silentRegistration(id, part(url)));
      expect(whole.status).toBe(200);
      expect((await callIn(STRICT_ENV, 'PATCH', `/v1/components/${id}`, part(url))).status).toBe(200);
    }
    expect((await call('DELETE', `/v1/components/${id}`)).status).toBe(204);
  });

  it('accepts paths relative to the endpoint', async () => {
    const id = freshId();
    const parts = { healthCheck: { endpoint: 'health' }, control: { endpoint: '/control', actions: ['restart'] } };
    stubFetch();
    const response = await callIn(STRICT_ENV, 'POST', '/v1/components', silentRegistration(id, parts));
    expect(response.body).toMatchObject({ healthCheck: { endpoint: 'health' }, control: { endpoint: '/control' } });
    expect((await call('DELETE', `/v1/components/${id}`)).status).toBe(204);
  });
});

const registerInDevelopment = (endpoint: string): Promise<ApiResponse> =>
  call('POST', '/v1/components', silentRegistration(freshId(), { endpoint }));

describe('stored: under the development setting', () => {
  it.each(['http://localhost:9000', 'http://127.0.0.1:9000', 'http://[::1]:9000', 'https://10.0.0.8'])(
    '%s is accepted',
    async (url) => expect((await registerInDevelopment(url)).status).toBe(201),
  );

  it.each([
    'ftp://localhost',
    'data:text/plain,x',
    'file:///etc/passwd',
    'http://user:pass@localhost',
    'http://0x7f.1',
    'http:\\\\localhost',
    'http://local\thost',
    'nonsense',
  ])('%j is still refused', async (url) => {
    expect(expectProblem(await registerInDevelopment(url), 422, 'endpoint-not-allowed')).toEqual(['endpoint']);
  });
});

describe.each(OUTBOUND_CALLS)(`fetched: %s`, (_, send) => {
  describe(`sends no request to any of ${EVIL.length + NOT_ABSOLUTE.length} evil spellings`, () => {
    it.each([...EVIL, ...NOT_ABSOLUTE, ''])('%j', async (url) => {
      stubFetch();
      const result = await send(url, STRICT);
      expect(result).toMatchObject({ ok: false, detail: expect.stringMatching(/ENDPOINT_REFUSED/) });
      expect(result.detail.length).toBeLessThanOrEqual(320);
      expect(fetchSpy).not.toHaveBeenCalled();
    });
  });

  describe(`sends one request to each of ${LEGITIMATE_URLS.length} legitimate URLs and follows no redirect`, () => {
    it.each(LEGITIMATE_URLS)('%j', async (url) => {
      stubFetch();
      expect((await send(url, STRICT)).ok).toBe(true);
      expect(fetchSpy).toHaveBeenCalledTimes(1);
      const [target, init] = fetchSpy.mock.calls[0]!;
      expect((target as URL).href).toBe(URL.parse(url)!.href);
      expect(init).toMatchObject({ redirect: 'manual', headers: { 'user-agent': 'arbiter-coordinator' } });
    });
  });

  it('never counts a redirect as a success', async () => {
    for (const status of [300, 301, 302, 303, 304, 307, 308]) {
      const headers = { location: 'https://example.org/' };
      fetchSpy.mockImplementation(
        async () => new Response(status === 304 ? null : '{"status":"healthy"}', { status, headers }),
      );
      const result = await send('https://example.com', STRICT);
      expect(result).toMatchObject({ ok: false, detail: expect.stringContaining(`HTTP ${status}`) });
    }
  });

  it('quotes no text of a response or an error', async () => {
    fetchSpy.mockImplementation(
      async () => new Response('{"status":"hunter2"}', { status: 500, statusText: 'hunter2' }),
    );
    expect((await send('https://example.com', STRICT)).detail).not.toContain('hunter2');
    fetchSpy.mockImplementation(() => Promise.reject(new Error('hunter2 refused 10.0.0.7')));
    expect((await send('https://example.com', STRICT)).detail).not.toMatch(/hunter2|10\.0\.0\.7/);
  });
});

describe.each(OUTBOUND_CALLS)('redirected, over a real socket: %s', (name, send) => {
  const path = name === 'a probe' ? 'health' : name === 'a webhook' ? 'hook' : 'control';

  it.each(['redirect-to-metadata', 'redirect'])('does not follow %s', async (mode) => {
    fetchSpy.mockRestore();
    const id = freshId();
    await setMode(id, mode);
    const realFetch = vi.spyOn(globalThis, 'fetch');
    const result = await send(`${inject('componentUrl')}/${id}/${path}`, DEVELOPMENT);
    expect(result).toMatchObject({ ok: false, detail: expect.stringContaining('answered HTTP 302') });
    expect(realFetch).toHaveBeenCalledTimes(1);
    realFetch.mockRestore();
    // The server logged no request to the redirect target: all lists are empty, all counts 0.
    const elsewhere = (await (await fetch(`${inject('componentUrl')}/elsewhere/log`)).json()) as Record<
      string,
      unknown
    >;
    expect(elsewhere).toMatchObject({ control: [], hooks: [], checks: 0 });
    expect(
      Object.values(elsewhere)
        .flat()
        .filter((seen) => seen !== 0),
    ).toEqual([]);
  });
});
