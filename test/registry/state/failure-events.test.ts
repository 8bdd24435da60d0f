import { expect, it } from 'vitest';
import { eventsOf, withControl } from '../../recovery/failing-component.ts';
import { call, eventually, freshId, setMode } from '../../support/coordinator-http.ts';
import { silentRegistration } from '../../support/silent-registration.ts';
import { freshRegistry } from '../fresh-registry.ts';

const recordedOf = (id: string, count: number) =>
  eventually(
    () => eventsOf(id, 'failure.recorded'),
    (events) => events.length >= count,
  );

it('each failed check that is recorded has an event with the count and the threshold', async () => {
  const registry = freshRegistry();
  const id = freshId();
  await setMode(id, 'down-refuses-control');
  await registry.register(id, withControl());
  for (let check = 0; check < 3; check++) await registry.api.probe(id);
  const events = await recordedOf(id, 3);
  expect(events.map(({ data }) => data['recentFailures'])).toEqual([1, 2, 3]);
  for (const { data } of events) expect(data).toMatchObject({ source: 'check', threshold: 3, occurrences: 1 });
});

it('so has each report, up to the rows that the history takes', async () => {
  const id = freshId();
  await call('POST', '/v1/components', silentRegistration(id, { type: 'agent_registry' }));
  const path = `/v1/components/${id}/failures`;
  const first = await call('POST', path, { error: { code: 'ECONNRESET', message: 'gone' } });
  const [event] = await recordedOf(id, 1);
  expect(event!.data).toMatchObject({
    failureId: first.body.failureId,
    failureType: 'connection_failure',
    source: 'report',
    code: 'ECONNRESET',
    recentFailures: 1,
    threshold: 3,
    drillId: null,
  });
  for (let more = 0; more < 49; more++) await call('POST', path, { error: 'again' });
  await recordedOf(id, 30);
  expect((await eventsOf(id, 'failure.recorded')).length).toBeLessThanOrEqual(31);
});
