import { describe, expect, it } from 'vitest';
import { call, eventually } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';

const path = '/v1/config/types/caws_validator/controller-secret';

describe("the secret of a type's controller", () => {
  it('is read, and rotated with an event and an audit entry that do not contain it', async () => {
    const first = await call('GET', path);
    expect(first).toMatchObject({
      status: 200,
      body: { secret: expect.stringMatching(/^whsec_/), previousUntil: null },
    });
    expect((await call('GET', path)).body).toEqual(first.body);
    const next = await call('POST', `${path}/rotate`);
    expect(next).toMatchObject({ status: 200, body: { previousUntil: expect.any(String) } });
    expect(next.body.secret).not.toBe(first.body.secret);
    expect((await call('GET', path)).body).toEqual(next.body);
    const events = await eventually(
      () => call('GET', '/v1/events?types=config.controller-secret-rotated'),
      ({ body }) => body.items.length > 0,
    );
    expect(events.body.items).toMatchObject([{ subject: 'caws_validator' }]);
    const audit = await eventually(
      () => call('GET', '/v1/audit?action=controller-secret.rotate'),
      ({ body }) => body.items.length > 0,
    );
    expect(audit.body.items).toMatchObject([{ subject: 'caws_validator', before: null, after: null }]);
    for (const { secret } of [first.body, next.body])
      expect(JSON.stringify([events.body, audit.body])).not.toContain(secret);
  });

  it('does not exist for an unknown type', async () => {
    const nowhere = '/v1/config/types/nowhere/controller-secret';
    expectProblem(await call('GET', nowhere), 404, 'not-found');
    expectProblem(await call('POST', `${nowhere}/rotate`), 404, 'not-found');
  });
});
