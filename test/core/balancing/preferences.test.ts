import { describe, expect, it } from 'vitest';
import type { PreferenceName, Preferences } from '../../../src/core/balancing/preferences.ts';
import {
  isExpressed,
  enforcesPreferences,
  relaxedFor,
  unmetPreference,
} from '../../../src/core/balancing/preferences.ts';
import { candidateOf } from './candidate-of.ts';

const CANDIDATE = candidateOf(
  'router-1',
  {
    metadata: { version: '2.1.0', gpus: 2, tags: ['a'] },
    location: 'weur',
    taskTypes: ['code-review'],
    flags: ['performanceMetrics'],
  },
  { loadPercentage: 50 },
);

describe('unmetPreference', () => {
  it.each<[Preferences, PreferenceName | null]>([
    [{}, null],
    [{ avoidComponents: [] }, null],
    [{ avoidComponents: ['router-2'] }, null],
    [{ avoidComponents: ['router-2', 'router-1'] }, 'avoidComponents'],
    [{ maxLoad: 51 }, null],
    [{ maxLoad: 50 }, null],
    [{ maxLoad: 49 }, 'maxLoad'],
    [{ maxLoad: 0 }, 'maxLoad'],
    [{ location: 'weur' }, null],
    [{ location: 'enam' }, 'location'],
    [{ capabilities: [] }, null],
    [{ capabilities: ['code-review'] }, null],
    [{ capabilities: ['performanceMetrics'] }, null],
    [{ capabilities: ['code-review', 'performanceMetrics'] }, null],
    [{ capabilities: ['code-review', 'translation'] }, 'capabilities'],
    [{ preferredComponent: 'router-2' }, null],
    [{ preferredComponent: 'router-2', strict: true }, 'preferredComponent'],
    [{ preferredComponent: 'router-1', strict: true }, null],
    [{ match: {} }, null],
    [{ match: { version: '2.1.0' } }, null],
    [{ match: { version: '2.1.0', gpus: '2', tags: '["a"]' } }, null],
    [{ match: { version: '2.1' } }, 'match'],
    [{ match: { version: '2.1.0', zone: 'a' } }, 'match'],
    [{ match: JSON.parse('{"__proto__":"{}"}') }, 'match'],
    [{ avoidComponents: ['router-1'], location: 'enam' }, 'avoidComponents'],
  ])('%j: %s', (wanted, expected) => {
    expect(unmetPreference(CANDIDATE, wanted, 50)).toBe(expected);
  });

  it('returns location for a component without a location', () => {
    expect(unmetPreference(candidateOf('nowhere'), { location: 'weur' }, 0)).toBe('location');
  });
});

describe('relaxedFor', () => {
  it.each<[Preferences, PreferenceName[]]>([
    [{}, []],
    [{ avoidComponents: [], capabilities: [], strict: false }, []],
    [{ maxLoad: 80, location: 'weur', match: { gpus: '2' } }, []],
    [{ maxLoad: 0 }, ['maxLoad']],
    [{ maxLoad: 0, preferredComponent: 'router-1' }, ['maxLoad']],
    [{ maxLoad: 0, preferredComponent: 'router-2' }, ['preferredComponent', 'maxLoad']],
    [{ match: {} }, []],
    [{ match: { version: '3' } }, ['match']],
    [{ preferredComponent: 'router-1' }, []],
    [{ preferredComponent: 'router-2' }, ['preferredComponent']],
    [
      { capabilities: ['a'], location: 'weur', maxLoad: 80, avoidComponents: ['b'] },
      ['avoidComponents', 'maxLoad', 'location', 'capabilities'],
    ],
  ])('%j: %j', (wanted, expected) => {
    expect(relaxedFor(CANDIDATE, wanted, { total: 50, known: 50 })).toEqual(expected);
  });

  it.each<[Preferences, PreferenceName[]]>([
    [{ maxLoad: 60 }, ['maxLoad']],
    [{ maxLoad: 60, location: 'weur', capabilities: ['code-review'] }, ['maxLoad']],
    [{ maxLoad: 60, preferredComponent: 'router-2' }, ['preferredComponent', 'maxLoad']],
    [{ maxLoad: 60, location: 'enam' }, ['maxLoad', 'location']],
    [{ maxLoad: 40, location: 'weur' }, ['maxLoad', 'location']],
  ])('is the load alone if only the estimate exceeds it: %j: %j', (wanted, expected) => {
    expect(relaxedFor(CANDIDATE, wanted, { total: 90, known: 50 })).toEqual(expected);
  });
});

describe('enforcesPreferences and isExpressed', () => {
  it.each<[Preferences, boolean, boolean]>([
    [{}, false, false],
    [{ strict: true }, false, false],
    [{ preferredComponent: 'router-1' }, false, true],
    [{ preferredComponent: 'router-1', strict: true }, true, true],
    [{ avoidComponents: ['router-2'] }, true, true],
    [{ maxLoad: 0 }, true, true],
    [{ location: 'weur' }, true, true],
    [{ capabilities: ['review'] }, true, true],
    [{ match: { tier: 'gold' } }, true, true],
  ])('%j: enforced %s, expressed %s', (wanted, enforced, expressed) => {
    expect([enforcesPreferences(wanted), isExpressed(wanted)]).toEqual([enforced, expressed]);
  });
});
