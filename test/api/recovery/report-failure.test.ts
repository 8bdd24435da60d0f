/** Failure reports: only a report that says nothing is refused. */
import { exports } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { FailureReceiptSchema } from '../../../src/api/schemas/failure.ts';
import { CoordinatorClient } from '../../../src/client/coordinator-client.ts';
import { call, eventually, freshId } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const worker = exports as unknown as { default: Fetcher };

const registered = async (): Promise<string> => {
  const id = freshId();
  expect((await call('POST', '/v1/components', silentRegistration(id))).status).toBe(201);
  return id;
};

const recorded = async (componentId: string) =>
  eventually(
    async () => (await call('GET', `/v1/failures?componentId=${componentId}`)).body.items,
    (items) => items.length > 0,
  );

describe('a failure report', () => {
  it.each([
    [{ error: { message: 'm'.repeat(2_100) } }, ['error.message']],
    [{ error: { message: 'x', stack: 'at y' } }, ['error.stack']],
    [{ error: { message: 'x' }, context: 'not an object' }, ['context']],
    [{ error: {} }, ['error.message']],
    [{ error: 'it failed' }, undefined],
  ])('counts, with a warning about what was cut or ignored: %#', async (body, paths) => {
    const id = await registered();
    const response = await call('POST', `/v1/components/${id}/failures`, body);
    expect(response).toMatchObject({ status: 202, body: { recentFailures: 1 } });
    expect(FailureReceiptSchema.parse(response.body)).toEqual(response.body);
    expect(response.body.warnings?.map(({ path }: { path: string }) => path)).toEqual(paths);
    expect(await recorded(id)).toHaveLength(1);
  });

  it('without an error is refused', async () => {
    const id = await registered();
    for (const body of [{}, { error: null }, { error: [] }]) {
      const response = await call('POST', `/v1/components/${id}/failures`, body);
      expect(expectProblem(response, 422, 'invalid-request')).toEqual(['error']);
    }
  });
});

describe('CoordinatorClient.reportFailure', () => {
  const client = new CoordinatorClient({
    baseUrl: 'https://coordinator.test',
    key: 'admin-key-of-the-tests-0123456789abcdef',
    fetch: (url, init) => worker.default.fetch(url, init),
  });

  it.each([
    [new Error('it failed'), { message: 'it failed', code: null, failureType: 'internal_error' }],
    [new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } }), { code: 'ECONNREFUSED' }],
    [new DOMException('too late', 'TimeoutError'), { code: 'TimeoutError', failureType: 'timeout_failure' }],
    [
      { code: 'ECONNRESET', message: 'reset' },
      { code: 'ECONNRESET', message: 'reset' },
    ],
    ['it failed', { message: 'it failed' }],
  ])('takes whatever was thrown: %s', async (error, expected) => {
    const id = await registered();
    expect(await client.reportFailure(id, { error, context: { attempt: 2 } })).toMatchObject({ recentFailures: 1 });
    expect(await recorded(id)).toMatchObject([{ ...expected, context: { attempt: 2 } }]);
  });
});
