import { beforeAll, describe, expect, it } from 'vitest';
import { idOfKey } from '../../../src/core/access/key-format.ts';
import { call, freshId } from '../../support/coordinator-http.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const AT_ONCE = 10;
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** Ids of the keys in force that were issued to a component. */
async function inForceFor(componentId: string): Promise<string[]> {
  const { items } = (await call('GET', '/v1/keys?limit=500')).body as { items: Record<string, string>[] };
  return items.filter(({ issuedTo, state }) => issuedTo === componentId && state === 'active').map(({ id = '' }) => id);
}

let registrar = '';
beforeAll(async () => {
  registrar = (await call('POST', '/v1/keys', { name: 'launcher', scopes: ['registrar:task_router'] })).body.key;
});

describe.each([
  ['the admin key', () => 'test-admin-key'],
  ["its registrar's key", () => registrar],
])('keys for a component asked for at once with %s', (_, keyOf) => {
  it('are one key', async () => {
    const id = freshId();
    const { body } = await call('POST', '/v1/components', silentRegistration(id), bearer(keyOf()));
    // The key that a registrar is handed with its registration would be there already.
    if (body.key) await call('DELETE', `/v1/keys/${body.key.id}`);
    const ask = () => call('POST', `/v1/components/${id}/key`, undefined, bearer(keyOf()));
    const answers = await Promise.all(Array.from({ length: AT_ONCE }, ask));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    const inForce = await inForceFor(id);
    expect(inForce).toHaveLength(1);
    for (const { body } of answers) expect([body.id, idOfKey(body.key)]).toEqual([inForce[0], inForce[0]]);
    const latest = await ask();
    expect(latest.body.id).toBe(inForce[0]);
    expect((await call('GET', `/v1/components/${id}`, undefined, bearer(latest.body.key))).status).toBe(200);
  });
});
