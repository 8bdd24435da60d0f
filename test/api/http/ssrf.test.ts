import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { createApp } from '../../../src/api/app.ts';
import { judgeAttempt } from '../../../src/core/delivery/delivery-attempt.ts';
import { coordinator } from '../../../src/coordinator/contract/coordinator-api.ts';
import type { OutboundPolicy } from '../../../src/core/outbound/url-policy.ts';
import { sendWebhook } from '../../../src/deliveries/send-webhook.ts';
import { outboundPolicyOf } from '../../../src/outbound/outbound-policy.ts';
import { probeOnce, probeHttp } from '../../../src/probe/http-probe.ts';
import { callControl } from '../../../src/recovery/control-call.ts';
import type { Answer } from '../../support/coordinator-http.ts';
import { call, freshId, setMode } from '../../support/coordinator-http.ts';
import { expectNothingStored } from '../../support/expect-nothing-stored.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { listIds } from '../../support/list-ids.ts';
import { silentRegistration } from '../../support/silent-registration.ts';
import { LEGITIMATE_URLS, NOT_ABSOLUTE, TRICKS } from '../../support/url-spellings.ts';

/** So many calls in a minute are not what these tests are about. */
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

async function callIn(deployment: Env, method: string, path: string, body: unknown): Promise<Answer> {
  const request = new Request(`https://coordinator.test${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const response = await app.fetch(request, deployment, createExecutionContext());
  return { status: response.status, body: await response.json(), headers: response.headers };
}

/** Every place of a registration that holds a URL. */
const PLACES: readonly (readonly [path: string, part: (url: string) => Record<string, unknown>])[] = [
  ['endpoint', (url) => ({ endpoint: url })],
  ['healthCheck.endpoint', (url) => ({ healthCheck: { endpoint: url, interval: 3_600_000 } })],
  ['control.endpoint', (url) => ({ control: { endpoint: url, actions: ['restart'] } })],
];

/** Every way out: what each says of `url`, and whether it took the answer for a success. */
const WAYS_OUT: readonly (readonly [
  name: string,
  go: (url: string, policy: OutboundPolicy) => Promise<{ readonly ok: boolean; readonly said: string }>,
])[] = [
  [
    'a probe',
    async (url, policy) => {
      const times = { timeoutMs: 5_000, degradedAfterMs: 4_000, suspicionMs: 4_000 };
      const outcome = await probeHttp({ url, method: 'GET', ...times }, policy, () => undefined);
      return outcome.kind === 'failed'
        ? { ok: false, said: `${outcome.error.code} ${outcome.error.message}` }
        : { ok: true, said: outcome.kind };
    },
  ],
  [
    'a control call',
    async (url, policy) => {
      const key = { recoveryId: 'r-1', idempotencyKey: 'r-1-0' };
      const request = { action: 'restart', componentId: 'c', ...key, reason: '', parameters: {} } as const;
      const called = await callControl({ url, secrets: [SECRET], request }, policy, Date.now());
      return { ok: called.ok, said: called.ok ? String(called.value.status) : called.message };
    },
  ],
  [
    'a look at a canary',
    async (url, policy) => {
      const seen = await probeOnce(url, policy);
      if (seen.kind === 'answered') return { ok: seen.status < 300, said: `answered HTTP ${seen.status}` };
      return { ok: false, said: `${seen.error.code} ${seen.error.message}` };
    },
  ],
  [
    'a webhook',
    async (url, policy) => {
      const job = { id: 'd-1', url, secrets: [SECRET], payload: '{}', contentType: 'application/json' };
      const sent = await sendWebhook(job, policy);
      const verdict = judgeAttempt(sent);
      return verdict.kind === 'delivered'
        ? { ok: true, said: String(sent.status) }
        : { ok: false, said: verdict.error };
    },
  ],
];

const outward = vi.spyOn(globalThis, 'fetch');

beforeEach(() => {
  outward.mockReset();
});
afterEach(() => {
  outward.mockReset();
});

const pretendToAnswer = (): void => {
  outward.mockImplementation(async () => new Response('{"status":"healthy"}'));
};

describe(`stored: each of ${EVIL.length} evil spellings in ${PLACES.length} places through POST, PUT and PATCH`, () => {
  const held = freshId('held');
  const refusedIds: string[] = [];

  const register = (): Promise<Answer> => callIn(STRICT_ENV, 'POST', '/v1/components', silentRegistration(held));

  it('begins with a component in good order', async () => {
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
          await callIn(STRICT_ENV, 'PUT', `/v1/components/${held}`, silentRegistration(held, part(url))),
          await callIn(STRICT_ENV, 'PATCH', `/v1/components/${held}`, part(url)),
        ];
        for (const refusal of refusals) {
          expect(expectProblem(refusal, 422, 'endpoint-not-allowed')).toEqual([path]);
          expect(refusal.body.errors[0].message.length).toBeLessThanOrEqual(256);
        }
      }
      expect(outward).not.toHaveBeenCalled();
    });
  });

  it.each(NOT_ABSOLUTE)('%j is refused as endpoint, where it would be a path on nothing', async (url) => {
    const refused = await callIn(
      STRICT_ENV,
      'POST',
      '/v1/components',
      silentRegistration(freshId(), { endpoint: url }),
    );
    expect(expectProblem(refused, 422, 'endpoint-not-allowed')).toEqual(['endpoint']);
  });

  it('is refused as canary and controller of all types or of one, in every spelling', async () => {
    for (const url of EVIL) {
      for (const path of ['/v1/config', '/v1/config/types/task_router']) {
        const controller = { url, actions: ['restart'] };
        const refused = await callIn(STRICT_ENV, 'PUT', path, { canaryUrl: url, controller });
        // What is no URL of sensible length is not even looked at.
        expect(refused.status, url).toBe(422);
        const places = refused.body.errors.map(({ path: at }: { path: string }) => at);
        expect(places).toEqual(['canaryUrl', 'controller.url']);
      }
    }
    expect(outward).not.toHaveBeenCalled();
  });

  it('leaves nothing of it behind', async () => {
    const unchanged = await register();
    expect({ status: unchanged.status, body: unchanged.body }).toMatchObject({
      status: 200,
      body: { endpoint: `https://${held}.example.com`, generation: 1 },
    });
    expect(unchanged.body.healthCheck).toBeUndefined();
    expect(unchanged.body.control).toBeUndefined();
    const types = await Promise.all(refusedIds.map(async (id) => coordinator().typeOf(id)));
    expect(types.filter((type) => type !== null)).toEqual([]);
    expect((await listIds()).filter((id) => refusedIds.includes(id))).toEqual([]);
    await expectNothingStored(refusedIds[0]!);
  });

  it('names every place that is wrong at once, a path by where it leads', async () => {
    const body = silentRegistration(freshId(), {
      endpoint: 'https://10.0.0.1',
      healthCheck: { endpoint: '/health' },
      control: { endpoint: 'https://db.internal', actions: ['restart'] },
    });
    const refused = await callIn(STRICT_ENV, 'POST', '/v1/components', body);
    const everywhere = ['endpoint', 'healthCheck.endpoint', 'control.endpoint'];
    expect(expectProblem(refused, 422, 'endpoint-not-allowed')).toEqual(everywhere);
  });

  it('is judged by the lists of the deployment too', async () => {
    const deployment = { ...STRICT_ENV, OUTBOUND_HOSTS: 'api.example.com,*.example.org', OUTBOUND_PORTS: '9443' };
    const answerTo = async (endpoint: string): Promise<number> =>
      (await callIn(deployment, 'POST', '/v1/components', silentRegistration(freshId(), { endpoint }))).status;
    expect(await answerTo('https://api.example.com:9443')).toBe(201);
    expect(await answerTo('https://a.b.example.org:9443/x')).toBe(201);
    expect(await answerTo('https://api.example.com')).toBe(422);
    expect(await answerTo('https://other.example.com:9443')).toBe(422);
  });
});

describe(`stored: each of ${LEGITIMATE_URLS.length} legitimate URLs is accepted in ${PLACES.length} places`, () => {
  it.each(LEGITIMATE_URLS)('%j', async (url) => {
    pretendToAnswer();
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

  it('and so are paths on the endpoint', async () => {
    const id = freshId();
    const parts = { healthCheck: { endpoint: 'health' }, control: { endpoint: '/control', actions: ['restart'] } };
    pretendToAnswer();
    const answer = await callIn(STRICT_ENV, 'POST', '/v1/components', silentRegistration(id, parts));
    expect(answer.body).toMatchObject({ healthCheck: { endpoint: 'health' }, control: { endpoint: '/control' } });
    expect((await call('DELETE', `/v1/components/${id}`)).status).toBe(204);
  });
});

const registerInDevelopment = (endpoint: string): Promise<Answer> =>
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
  ])('%j is refused all the same', async (url) => {
    expect(expectProblem(await registerInDevelopment(url), 422, 'endpoint-not-allowed')).toEqual(['endpoint']);
  });
});

describe.each(WAYS_OUT)(`fetched: %s`, (_, go) => {
  describe(`makes no request to any of ${EVIL.length + NOT_ABSOLUTE.length} evil spellings`, () => {
    it.each([...EVIL, ...NOT_ABSOLUTE, ''])('%j', async (url) => {
      pretendToAnswer();
      const gone = await go(url, STRICT);
      expect(gone).toMatchObject({ ok: false, said: expect.stringMatching(/ENDPOINT_REFUSED/) });
      expect(gone.said.length).toBeLessThanOrEqual(320);
      expect(outward).not.toHaveBeenCalled();
    });
  });

  describe(`makes one request to each of ${LEGITIMATE_URLS.length} legitimate URLs, and follows nothing`, () => {
    it.each(LEGITIMATE_URLS)('%j', async (url) => {
      pretendToAnswer();
      expect((await go(url, STRICT)).ok).toBe(true);
      expect(outward).toHaveBeenCalledTimes(1);
      const [target, init] = outward.mock.calls[0]!;
      expect((target as URL).href).toBe(URL.parse(url)!.href);
      expect(init).toMatchObject({ redirect: 'manual', headers: { 'user-agent': 'arbiter-coordinator' } });
    });
  });

  it('counts no redirect as a success, whatever it says', async () => {
    for (const status of [300, 301, 302, 303, 304, 307, 308]) {
      const headers = { location: 'https://example.org/' };
      outward.mockImplementation(
        async () => new Response(status === 304 ? null : '{"status":"healthy"}', { status, headers }),
      );
      const gone = await go('https://example.com', STRICT);
      expect(gone).toMatchObject({ ok: false, said: expect.stringContaining(`HTTP ${status}`) });
    }
  });

  it('repeats nothing of an answer or an error but what it knows', async () => {
    outward.mockImplementation(
      async () => new Response('{"status":"hunter2"}', { status: 500, statusText: 'hunter2' }),
    );
    expect((await go('https://example.com', STRICT)).said).not.toContain('hunter2');
    outward.mockImplementation(() => Promise.reject(new Error('hunter2 refused 10.0.0.7')));
    expect((await go('https://example.com', STRICT)).said).not.toMatch(/hunter2|10\.0\.0\.7/);
  });
});

describe.each(WAYS_OUT)('redirected, over a real socket: %s', (name, go) => {
  const path = name === 'a probe' ? 'health' : name === 'a webhook' ? 'hook' : 'control';

  it.each(['redirect-to-metadata', 'redirect'])('is not led on by %s', async (mode) => {
    outward.mockRestore();
    const id = freshId();
    await setMode(id, mode);
    const watched = vi.spyOn(globalThis, 'fetch');
    const gone = await go(`${inject('componentUrl')}/${id}/${path}`, DEVELOPMENT);
    expect(gone).toMatchObject({ ok: false, said: expect.stringContaining('answered HTTP 302') });
    expect(watched).toHaveBeenCalledTimes(1);
    watched.mockRestore();
    // Whatever the server writes down of its visitors: lists are empty, counts are 0.
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
