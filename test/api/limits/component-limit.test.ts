import { beforeAll, describe, expect, it } from 'vitest';
import { call, freshId } from '../../support/coordinator-http.ts';
import { expectNothingStored } from '../../support/expect-nothing-stored.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { listIds } from '../../support/list-ids.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const TYPE = 'performance_tracker';
const LIMIT = 1_000;
const CHUNK = 50;

const inChunks = async <T>(items: readonly T[], each: (item: T) => Promise<void>): Promise<void> => {
  for (let at = 0; at < items.length; at += CHUNK) await Promise.all(items.slice(at, at + CHUNK).map(each));
};

describe('a type at its component limit', () => {
  const ids = Array.from({ length: LIMIT }, () => freshId('full'));

  beforeAll(async () => {
    await inChunks(ids, async (id) => {
      expect((await call('POST', '/v1/components', silentRegistration(id, { type: TYPE }))).status).toBe(201);
    });
  }, 120_000);

  it('lists all of its components', async () => {
    expect(await listIds(`type=${TYPE}`)).toEqual(ids.toSorted());
  });

  it('refuses one more and stores nothing of it', async () => {
    const id = freshId();
    const refused = await call('POST', '/v1/components', silentRegistration(id, { type: TYPE }));
    expect(expectProblem(refused, 409, 'component-limit')).toEqual(['type']);
    expect(refused.body.detail).toContain(String(LIMIT));
    await expectNothingStored(id);
  });

  it('still accepts changes of its components', async () => {
    const [id] = ids;
    expect((await call('POST', '/v1/components', silentRegistration(id!, { type: TYPE, weight: 2 }))).status).toBe(200);
    expect((await call('PATCH', `/v1/components/${id}`, { weight: 3 })).status).toBe(200);
  });

  it('does not limit the other types', async () => {
    expect((await call('POST', '/v1/components', silentRegistration(freshId()))).status).toBe(201);
  });

  it('accepts exactly one registration after one removal', async () => {
    expect((await call('DELETE', `/v1/components/${ids[1]}`)).status).toBe(204);
    const responses = await Promise.all(
      Array.from({ length: 4 }, () => call('POST', '/v1/components', silentRegistration(freshId(), { type: TYPE }))),
    );
    expect(responses.map((response) => response.status).toSorted((a, b) => a - b)).toEqual([201, 409, 409, 409]);
  });
});
