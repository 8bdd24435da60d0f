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

  it('tells every dependant, in order, naming the dependency', () => {
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

  it('tells nobody when nobody depends on it', () => {
    expect(dependencyEvents(draftOf('component.failed'), [])).toEqual([]);
  });

  it('ends after one step: what it says has no consequences of its own', () => {
    const [told] = dependencyEvents(draftOf('component.failed'), ['router-1']);
    expect(dependencyEvents(told!, ['router-2'])).toEqual([]);
  });

  it('gives the same event the same key, so that published twice it adds nothing', () => {
    const [first, second] = [1, 2].map(() => dependencyEvents(draftOf('component.recovered'), ['a', 'b']));
    expect(first).toEqual(second);
    expect(new Set(first?.map((draft) => draft.key)).size).toBe(2);
  });
});
