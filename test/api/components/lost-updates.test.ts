import { expect, it } from 'vitest';
import { call, freshId } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

/** JSON with an own property `__proto__`, which an object literal cannot have. */
const named = (text: object): string => JSON.stringify(text).replace('"PROTO"', '"__proto__"');

it('a property name that JSON parsing would drop is refused', async () => {
  const id = freshId();
  const metadata = { PROTO: 1, version: '1' };
  const refused = await call('POST', '/v1/components', named(silentRegistration(id, { metadata })));
  expect(expectProblem(refused, 422, 'invalid-request')).toEqual(['metadata.__proto__']);
  expectProblem(await call('GET', `/v1/components/${id}`), 404, 'unknown-component');
  const route = { type: 'task_router', preferences: { match: { PROTO: '1' } } };
  expect(expectProblem(await call('POST', '/v1/route', named(route)), 422, 'invalid-request')).toEqual([
    'preferences.match.__proto__',
  ]);
});

it('other names of prototype members are kept', async () => {
  const id = freshId();
  const metadata = { constructor: 'a', toString: 'b', prototype: { hasOwnProperty: 'c' }, '': 'd' };
  const registered = await call('POST', '/v1/components', silentRegistration(id, { metadata }));
  expect(registered.status).toBe(201);
  expect((await call('GET', `/v1/components/${id}`)).body.metadata).toEqual(metadata);
});

it('a number that would be stored as null is refused', async () => {
  const id = freshId();
  const whole = (number: string) =>
    JSON.stringify(silentRegistration(id, { metadata: { a: [{ b: 'NUMBER' }] } })).replace('"NUMBER"', number);
  for (const number of ['1e400', '-1e400', '9'.repeat(400)])
    expect(expectProblem(await call('POST', '/v1/components', whole(number)), 422, 'invalid-request')).toEqual([
      'metadata',
    ]);
  const registered = await call('POST', '/v1/components', whole('1.7976931348623157e308'));
  expect(registered.body.metadata.a[0].b).toBe(Number.MAX_VALUE);
});
