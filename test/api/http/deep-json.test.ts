import { describe, expect, it } from 'vitest';
import { call, freshId } from '../../support/coordinator-http.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const lists = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
const objects = `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`;

describe.each([
  ['lists', lists],
  ['objects', objects],
])('JSON nested deeply in %s', (_kind, deep) => {
  it('causes no server error', async () => {
    const id = freshId();
    await call('POST', '/v1/components', silentRegistration(id));
    const whole = JSON.stringify(silentRegistration(freshId())).replace(/\}$/, `,"metadata":{"a":${deep}}}`);
    for (const [method, path, body] of [
      ['POST', '/v1/components', whole],
      ['PATCH', `/v1/components/${id}`, `{"metadata":{"a":${deep}}}`],
      ['POST', `/v1/components/${id}/failures`, `{"error":{"message":"m"},"context":{"a":${deep}}}`],
      ['POST', '/v1/route', `{"type":"task_router","payload":{"a":${deep}}}`],
    ] as const) {
      const { status } = await call(method, path, body);
      expect({ method, path, ours: status < 500 || status === 503 }).toEqual({ method, path, ours: true });
    }
  });
});
