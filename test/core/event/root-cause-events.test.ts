import { describe, expect, it } from 'vitest';
import { rootCauseEvents } from '../../../src/core/event/dependency-events.ts';

const CAUSE = { key: 'turn:7', subject: 'root', time: 42 };
const type = 'component.root-cause-changed';

describe('rootCauseEvents', () => {
  it('makes one event per component for a few, each with its current root cause', () => {
    const changes = [
      { id: 'b', rootCause: ['root'] },
      { id: 'c', rootCause: [] },
      { id: 'd', rootCause: ['root'] },
    ];
    expect(rootCauseEvents(CAUSE, changes)).toEqual([
      { key: 'turn:7~root~b', type, subject: 'b', time: 42, data: { rootCause: ['root'] } },
      { key: 'turn:7~root~d', type, subject: 'd', time: 42, data: { rootCause: ['root'] } },
      { key: 'turn:7~~c', type, subject: 'c', time: 42, data: { rootCause: [] } },
    ]);
  });

  it('lists many components in few events, each with its own key', () => {
    const changes = Array.from({ length: 1_200 }, (_each, at) => ({ id: `c-${at}`, rootCause: ['root'] }));
    const events = rootCauseEvents(CAUSE, changes);
    expect(events.map(({ subject }) => subject)).toEqual(['root', 'root', 'root']);
    expect(events.flatMap(({ data }) => data['dependants'])).toEqual(changes.map(({ id }) => id));
    expect(new Set(events.map(({ key }) => key)).size).toBe(3);
    for (const { data } of events) expect(data['rootCause']).toEqual(['root']);
  });
});
