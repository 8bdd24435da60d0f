/**
 * Holds every event that is logged against the catalogue. A fault thrown where an event is logged would be
 * taken for an outage and tried again, so faults are kept and fail the file at its end.
 *
 * Tests of the log itself publish drafts of their own, of which only the envelope counts.
 */
import { afterAll, expect } from 'vitest';
import { EVENT_SCHEMAS } from '../../src/api/schemas/events/cloud-event.ts';
import { EventStore } from '../../src/coordinator/events/event-store.ts';
import { toCloudEvent } from '../../src/core/event/cloud-event.ts';
import type { LoggedEvent } from '../../src/core/event/coordinator-event.ts';

const MADE_UP = /\/test\/(coordinator|deliveries|history)\//;
const faults = new Set<string>();

function judge(event: LoggedEvent): void {
  // As it is read: through JSON.
  const wire: unknown = JSON.parse(JSON.stringify(toCloudEvent(event)));
  const schema = EVENT_SCHEMAS.get(event.type);
  const { error } = schema?.safeParse(wire) ?? { error: new Error('not in the catalogue') };
  if (error) faults.add(`${event.type}: ${error.message} in ${JSON.stringify(event.data)}`);
}

if (!MADE_UP.test(expect.getState().testPath ?? '')) {
  // oxlint-disable-next-line typescript/unbound-method -- called with its object below
  const { append } = EventStore.prototype;
  EventStore.prototype.append = function (draft) {
    const event = append.call(this, draft);
    if (event) judge(event);
    return event;
  };
  afterAll(() => expect([...faults], 'events that are not as the catalogue says').toEqual([]));
}
