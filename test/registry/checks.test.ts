import { describe, expect, it } from 'vitest';
import { call, eventually, freshId, registrationFor, setMode } from '../support/coordinator-http.ts';

const statusOf = async (id: string): Promise<string> => (await call('GET', `/v1/components/${id}`)).body.health.status;

describe('checks of a registered component', () => {
  it('finds a healthy one healthy at once', async () => {
    const id = freshId();
    expect((await call('POST', '/v1/components', registrationFor(id))).status).toBe(201);
    await eventually(() => statusOf(id), (status) => status === 'healthy', 3_000);
  });

  it('marks one that answers 503 unhealthy, with the reason', async () => {
    const id = freshId();
    await setMode(id, 'unavailable');
    await call('POST', '/v1/components', registrationFor(id));
    await eventually(() => statusOf(id), (status) => status === 'unhealthy', 5_000);
    const { body } = await call('GET', `/v1/components/${id}/health`);
    expect(body.reason).toContain('HTTP_503');
  });
});
