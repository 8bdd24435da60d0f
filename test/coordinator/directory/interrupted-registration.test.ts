import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { coordinator } from '../../../src/coordinator/contract/coordinator-api.ts';
import type { Registration } from '../../../src/core/component/registration.ts';
import { RegistrationSchema } from '../../../src/core/component/registration.ts';
import { registryOf } from '../../../src/registry/contract/registry-api.ts';
import { cronSweep } from '../../../src/sweep/cron-sweep.ts';
import { call, eventually, freshId } from '../../support/coordinator-http.ts';
import { evict } from '../../support/evict.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const TYPE = 'task_router';
const OTHER = 'agent_registry';

const registrationOf = (id: string, overrides: Record<string, unknown> = {}): Registration =>
  RegistrationSchema.parse(silentRegistration(id, { type: TYPE, ...overrides }));

/** The steps of a registration, so that a test can stop after any of them: claim, store, then confirm. */
async function claim({ id, type, dependencies }: Registration): Promise<number> {
  const claimed = await coordinator().claim({ id, type, dependencies, owner: null });
  if (!claimed.ok) throw new Error(claimed.reason);
  return claimed.value.sequence;
}
const store = (registration: Registration, sequence: number) =>
  registryOf(registration.type).register({
    registration,
    claim: sequence,
    ifGeneration: null,
    owner: null,
    actor: null,
  });

/** Restarts both objects from their storage, as a kill does. */
async function kill(): Promise<void> {
  await evict(env.SYSTEM_COORDINATOR.getByName('system'));
  // The platform refuses to evict an object that is not running, so wake it first.
  await registryOf(TYPE).claimOf('nobody');
  await evict(env.COMPONENT_REGISTRY.getByName(TYPE));
}

const sweepAfterTheClaim = (): Promise<void> => cronSweep(env, Date.now() + 61_000);
const registerOver = (id: string, type: string) => call('POST', '/v1/components', silentRegistration(id, { type }));

describe('a kill between claim and register', () => {
  it('reserves the id for its type until the sweep frees it', async () => {
    const id = freshId();
    await claim(registrationOf(id));
    await kill();
    expectProblem(await registerOver(id, OTHER), 409, 'type-conflict');
    expectProblem(await call('GET', `/v1/components/${id}`), 404, 'unknown-component');
    await sweepAfterTheClaim();
    expect(await registerOver(id, OTHER)).toMatchObject({ status: 201, body: { type: OTHER } });
  });

  it('does not block the same registration again', async () => {
    const id = freshId();
    await claim(registrationOf(id));
    await kill();
    expect((await registerOver(id, TYPE)).status).toBe(201);
    await sweepAfterTheClaim();
    expect((await call('GET', `/v1/components/${id}`)).status).toBe(200);
  });

  it('is not settled while the registration may still continue', async () => {
    const id = freshId();
    const registration = registrationOf(id);
    const sequence = await claim(registration);
    await cronSweep(env, Date.now());
    await store(registration, sequence);
    expect(await coordinator().confirm(id, sequence)).toBe(true);
    expect((await call('GET', `/v1/components/${id}`)).status).toBe(200);
  });

  it('of a change leaves the registration and its dependencies unchanged', async () => {
    const [base, other, id] = [freshId(), freshId(), freshId()];
    for (const each of [base, other]) await registerOver(each, TYPE);
    await call('POST', '/v1/components', silentRegistration(id, { dependencies: [base] }));
    await claim(registrationOf(id, { dependencies: [other] }));
    await kill();
    await sweepAfterTheClaim();
    expect((await call('GET', `/v1/components/${id}`)).body.dependencies).toEqual([base]);
    expectProblem(await call('PATCH', `/v1/components/${base}`, { dependencies: [id] }), 422, 'dependency-cycle');
    expect((await call('PATCH', `/v1/components/${other}`, { dependencies: [id] })).status).toBe(200);
    expect((await call('DELETE', `/v1/components/${id}`)).status).toBe(204);
    expect((await registerOver(id, OTHER)).status).toBe(201);
  });
});

describe('a kill between register and confirm', () => {
  it('is completed by the sweep, and the component can be removed', async () => {
    const id = freshId();
    const registration = registrationOf(id);
    await store(registration, await claim(registration));
    await kill();
    expectProblem(await registerOver(id, OTHER), 409, 'type-conflict');
    await sweepAfterTheClaim();
    expect(await call('GET', `/v1/components/${id}`)).toMatchObject({ status: 200, body: { id, type: TYPE } });
    expect((await call('DELETE', `/v1/components/${id}`)).status).toBe(204);
    expect((await registerOver(id, OTHER)).status).toBe(201);
  });

  it('is completed by the same registration again', async () => {
    const id = freshId();
    const registration = registrationOf(id);
    await store(registration, await claim(registration));
    await kill();
    expect((await registerOver(id, TYPE)).status).toBe(200);
    expect((await call('GET', `/v1/components/${id}`)).status).toBe(200);
  });

  it('of a change keeps the change and its dependencies', async () => {
    const [base, other, id] = [freshId(), freshId(), freshId()];
    for (const each of [base, other]) await registerOver(each, TYPE);
    await call('POST', '/v1/components', silentRegistration(id, { dependencies: [base] }));
    const changed = registrationOf(id, { dependencies: [other] });
    await store(changed, await claim(changed));
    await kill();
    await sweepAfterTheClaim();
    expect((await call('GET', `/v1/components/${id}`)).body.dependencies).toEqual([other]);
    expectProblem(await call('PATCH', `/v1/components/${other}`, { dependencies: [id] }), 422, 'dependency-cycle');
    expect((await call('PATCH', `/v1/components/${base}`, { dependencies: [id] })).status).toBe(200);
    expect((await call('DELETE', `/v1/components/${id}`)).status).toBe(204);
    expect((await registerOver(id, OTHER)).status).toBe(201);
  });

  it('that happens twice, with two concurrent sweeps, results in one component', async () => {
    const id = freshId();
    const registration = registrationOf(id);
    for (let time = 0; time < 2; time++) {
      await store(registration, await claim(registration));
      await kill();
    }
    await Promise.all([sweepAfterTheClaim(), sweepAfterTheClaim()]);
    const { body } = await call('GET', '/v1/components?limit=500');
    expect(body.items.filter((item: { id: string }) => item.id === id)).toHaveLength(1);
    expect(await coordinator().typeOf(id)).toBe(TYPE);
  });
});

describe('a kill between remove and release', () => {
  it('is completed by the sweep, and the id is free for any type', async () => {
    const id = freshId();
    await registerOver(id, TYPE);
    expect(await registryOf(TYPE).remove(id, { drainMs: 0, ifGeneration: null })).toMatchObject({ ok: true });
    await kill();
    await sweepAfterTheClaim();
    await eventually(
      () => coordinator().typeOf(id),
      (type) => type === null,
      5_000,
    );
    expectProblem(await call('GET', `/v1/components/${id}`), 404, 'unknown-component');
    expect((await registerOver(id, OTHER)).status).toBe(201);
  });

  it('does not remove a component that was registered again in the meantime', async () => {
    const id = freshId();
    await registerOver(id, TYPE);
    await registryOf(TYPE).remove(id, { drainMs: 0, ifGeneration: null });
    expect((await registerOver(id, TYPE)).status).toBe(201);
    await kill();
    await sweepAfterTheClaim();
    expect((await call('GET', `/v1/components/${id}`)).status).toBe(200);
    expect(await coordinator().typeOf(id)).toBe(TYPE);
  });
});

describe('a registration that was acknowledged', () => {
  it('survives a kill, with its dependencies and its ETag', async () => {
    const [base, id] = [freshId(), freshId()];
    await registerOver(base, TYPE);
    const { headers, body } = await call(
      'POST',
      '/v1/components',
      silentRegistration(id, { dependencies: [base], metadata: { version: '3' } }),
    );
    await kill();
    const read = await call('GET', `/v1/components/${id}`);
    expect(read.headers.get('etag')).toBe(headers.get('etag'));
    const { id: _id, name, metadata, dependencies, registeredAt } = body;
    expect(read.body).toMatchObject({ id, name, metadata, dependencies, registeredAt });
    expectProblem(await call('PATCH', `/v1/components/${base}`, { dependencies: [id] }), 422, 'dependency-cycle');
  });

  it('is not changed by a sweep', async () => {
    const id = freshId();
    await registerOver(id, TYPE);
    const before = await call('GET', `/v1/components/${id}`);
    await sweepAfterTheClaim();
    const after = await call('GET', `/v1/components/${id}`);
    expect(after.body).toEqual(before.body);
  });
});
