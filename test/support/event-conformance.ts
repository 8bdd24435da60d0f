/**
 * Checks every logged event against the event catalogue. Faults are collected and fail the test file at its end: a
 * throw inside the log would look like an outage and cause a retry.
 *
 * Tests of the log itself publish made-up drafts and are exempt.
 */
import { afterAll, expect } from 'vitest';
import { EVENT_SCHEMAS } from '../../src/api/schemas/events/cloud-event.ts';
import { EventStore } from '../../src/coordinator/events/event-store.ts';
import { toCloudEvent } from '../../src/core/event/cloud-event.ts';
import type { LoggedEvent } from '../../src/core/event/coordinator-event.ts';

const MADE_UP = /\/test\/(coordinator|deliveries|history)\//;
const faults = new Set<string>();

function judge(event: LoggedEvent): void {
  // Readers receive JSON.
  const wire: unknown = JSON.parse(JSON.stringify(toCloudEvent(event)));
  const schema = EVENT_SCHEMAS.get(event.type);
  const { error } = schema?.safeParse(wire) ?? { error: new Error('not in the catalogue') };
  if (error) faults.add(`${event.type}: ${error.message} in ${JSON.stringify(event.data)}`);
}

if (!MADE_UP.test(expect.getState().testPath ?? '')) {
  // oxlint-disable-next-line typescript/unbound-method -- called with `call` below
  const { append } = EventStore.prototype;
  EventStore.prototype.append = function (draft) {
    const event = append.call(this, draft);
    if (event) judge(event);
    return event;
  };
  afterAll(() => expect([...faults], 'events that differ from the catalogue').toEqual([]));
}
