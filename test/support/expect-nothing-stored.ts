/** Asserts that a refused registration stored nothing: the id is unknown, and available to any type at once. */
import { expect } from 'vitest';
import { coordinator } from '../../src/coordinator/contract/coordinator-api.ts';
import { call } from './coordinator-http.ts';
import { listIds } from './list-ids.ts';
import { silentRegistration } from './silent-registration.ts';

export async function expectNothingStored(id: string, otherType = 'constitutional_runtime'): Promise<void> {
  expect((await call('GET', `/v1/components/${id}`)).status).toBe(404);
  expect(await coordinator().typeOf(id)).toBeNull();
  expect(await listIds()).not.toContain(id);
  const correct = await call('POST', '/v1/components', silentRegistration(id, { type: otherType }));
  expect({ status: correct.status, body: correct.body }).toMatchObject({ status: 201, body: { id, type: otherType } });
  expect((await call('DELETE', `/v1/components/${id}`)).status).toBe(204);
}
