import { beforeAll, describe, expect, it } from 'vitest';
import { idOfKey } from '../../../src/core/access/key-format.ts';
import { call, freshId } from '../../support/coordinator-http.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const AT_ONCE = 10;
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** Ids of the active keys issued to a component. */
async function activeKeysOf(componentId: string): Promise<string[]> {
  const { items } = (await call('GET', '/v1/keys?limit=500')).body as { items: Record<string, string>[] };
  return items.filter(({ issuedTo, state }) => issuedTo === componentId && state === 'active').map(({ id = '' }) => id);
}

let registrar = '';
beforeAll(async () => {
  registrar = (await call('POST', '/v1/keys', { name: 'launcher', scopes: ['registrar:task_router'] })).body.key;
});

describe.each([
  ['the admin key', () => 'admin-key-of-the-tests-0123456789abcdef'],
  ["its registrar's key", () => registrar],
])('simultaneous key requests for a component with %s', (_, keyOf) => {
  it('return the same key', async () => {
    const id = freshId();
    const { body } = await call('POST', '/v1/components', silentRegistration(id), bearer(keyOf()));
    // A registrar received a key with the registration: revoke it first.
    if (body.key) await call('DELETE', `/v1/keys/${body.key.id}`);
    const requestKey = () => call('POST', `/v1/components/${id}/key`, undefined, bearer(keyOf()));
    const responses = await Promise.all(Array.from({ length: AT_ONCE }, requestKey));
    expect(responses.map(({ status }) => status)).toEqual(responses.map(() => 201));
    const activeKeys = await activeKeysOf(id);
    expect(activeKeys).toHaveLength(1);
    for (const { body } of responses) expect([body.id, idOfKey(body.key)]).toEqual([activeKeys[0], activeKeys[0]]);
    const latest = await requestKey();
    expect(latest.body.id).toBe(activeKeys[0]);
    expect((await call('GET', `/v1/components/${id}`, undefined, bearer(latest.body.key))).status).toBe(200);
  });
});
