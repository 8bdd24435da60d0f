import { expect, it } from 'vitest';
import { toCloudEvent } from '../../../src/core/event/cloud-event.ts';

it('an event conforms to CloudEvents 1.0, with the sequence as id', () => {
  const logged = {
    sequence: 17,
    key: 'k-1',
    type: 'component.failed',
    subject: 'router-1',
    time: Date.UTC(2026, 0, 2),
    data: { code: 'TIMEOUT' },
  } as const;
  expect(toCloudEvent(logged)).toEqual({
    specversion: '1.0',
    id: '17',
    sequence: '17',
    source: '/arbiter-coordinator',
    type: 'component.failed',
    subject: 'router-1',
    time: '2026-01-02T00:00:00.000Z',
    datacontenttype: 'application/json',
    data: { code: 'TIMEOUT' },
  });
});
