import { describe, expect, it } from 'vitest';
import type { EventDraft, EventType } from '../../../src/core/event/coordinator-event.ts';
import { EVENT_TYPES } from '../../../src/core/event/coordinator-event.ts';
import { dependencyEvents } from '../../../src/core/event/dependency-events.ts';

const draftOf = (type: EventType): EventDraft => ({
  key: 'k-1',
  type,
  subject: 'registry-1',
  time: 42,
  data: { a: 1 },
});

const CONSEQUENCES: Partial<Record<EventType, EventType>> = {
  'component.registered': 'component.dependency-available',
  'component.recovered': 'component.dependency-available',
  'component.failed': 'component.dependency-lost',
  'component.unregistered': 'component.dependency-lost',
};

describe('dependencyEvents', () => {
  it.each(EVENT_TYPES)('%s', (type) => {
    const expected = CONSEQUENCES[type];
    expect(dependencyEvents(draftOf(type), ['router-1']).map((draft) => draft.type)).toEqual(
      expected ? [expected] : [],
    );
  });

  it('makes one event per dependant, in order, with the dependency', () => {
    expect(dependencyEvents(draftOf('component.failed'), ['router-1', 'router-2'])).toEqual([
      {
        key: 'k-1>router-1',
        type: 'component.dependency-lost',
        subject: 'router-1',
        time: 42,
        data: { dependency: 'registry-1' },
      },
      {
        key: 'k-1>router-2',
        type: 'component.dependency-lost',
        subject: 'router-2',
        time: 42,
        data: { dependency: 'registry-1' },
      },
    ]);
  });

  it('makes no event without dependants', () => {
    expect(dependencyEvents(draftOf('component.failed'), [])).toEqual([]);
  });

  it.each([
    { dependants: 20, events: 20 },
    { dependants: 21, events: 1 },
    { dependants: 500, events: 1 },
    { dependants: 501, events: 2 },
    { dependants: 10_000, events: 20 },
  ])('covers $dependants dependants in $events events, each dependant once', ({ dependants, events }) => {
    const ids = Array.from({ length: dependants }, (_each, at) => `router-${at}`);
    const made = dependencyEvents(draftOf('component.failed'), ids);
    expect(made).toHaveLength(events);
    expect(new Set(made.map(({ key }) => key)).size).toBe(events);
    const named = made.flatMap(({ subject, data }) => (data['dependants'] as string[] | undefined) ?? [subject]);
    expect(named).toEqual(ids);
  });

  it('lists many dependants in an event of the dependency', () => {
    const ids = Array.from({ length: 30 }, (_each, at) => `router-${at}`);
    expect(dependencyEvents(draftOf('component.failed'), ids)).toEqual([
      {
        key: 'k-1>*0',
        type: 'component.dependency-lost',
        subject: 'registry-1',
        time: 42,
        data: { dependency: 'registry-1', dependants: ids },
      },
    ]);
  });

  it('lists fewer in one event if the ids are long: an event is no longer than a registration', () => {
    const ids = Array.from({ length: 500 }, (_each, at) => `${at}`.padEnd(128, 'x'));
    const events = dependencyEvents(draftOf('component.failed'), ids);
    for (const { data } of events) expect((data['dependants'] as string[]).join('').length).toBeLessThanOrEqual(16_384);
    expect(events.flatMap(({ data }) => data['dependants'])).toEqual(ids);
  });

  it('makes no further events from its own events', () => {
    const many = Array.from({ length: 30 }, (_each, at) => `router-${at}`);
    for (const dependants of [['router-1'], many]) {
      const [events] = dependencyEvents(draftOf('component.failed'), dependants);
      expect(dependencyEvents(events!, ['router-2'])).toEqual([]);
    }
  });

  it('gives the same event the same key, so that a second publication has no effect', () => {
    const many = Array.from({ length: 30 }, (_each, at) => `router-${at}`);
    expect(dependencyEvents(draftOf('component.failed'), many)).toEqual(
      dependencyEvents(draftOf('component.failed'), many),
    );
    const [first, second] = [1, 2].map(() => dependencyEvents(draftOf('component.recovered'), ['a', 'b']));
    expect(first).toEqual(second);
    expect(new Set(first?.map((draft) => draft.key)).size).toBe(2);
  });
});
