import { describe, expect, it } from 'vitest';
import { nextAlertAt } from '../../../src/core/incident/alert-pace.ts';
import type { AlertSubject, Silence, SilenceMatchers } from '../../../src/core/incident/silence.ts';
import { activeSilence } from '../../../src/core/incident/silence.ts';

const NOW = 1_000_000;
const ABOUT: AlertSubject = {
  componentId: 'a',
  componentType: 'task_router',
  failureType: 'timeout_failure',
  severity: 'critical',
};

const silence = (matchers: SilenceMatchers, until = NOW + 1): Silence => ({
  id: `s-${until}`,
  matchers,
  comment: '',
  createdBy: 'k',
  createdAt: 0,
  until,
});

describe('a silence', () => {
  it.each<[SilenceMatchers, boolean]>([
    [{ componentId: 'a' }, true],
    [{ componentId: 'b' }, false],
    [{ type: 'task_router' }, true],
    [{ type: 'caws_validator' }, false],
    [{ severity: 'critical' }, true],
    [{ severity: 'warning' }, false],
    [{ failureType: 'timeout_failure' }, true],
    [{ failureType: 'internal_error' }, false],
    [{ componentId: 'a', severity: 'critical' }, true],
    [{ componentId: 'a', severity: 'warning' }, false],
  ])('with %j mutes it: %s', (matchers, mutes) => {
    expect(activeSilence([silence(matchers)], ABOUT, NOW) !== null).toBe(mutes);
  });

  it('expires at its end', () => {
    expect(activeSilence([silence({ componentId: 'a' }, NOW)], ABOUT, NOW)).toBeNull();
  });

  it('applies until the latest end of all that match', () => {
    const all = [silence({ componentId: 'a' }, NOW + 5), silence({ severity: 'critical' }, NOW + 9)];
    expect(activeSilence(all, ABOUT, NOW)?.until).toBe(NOW + 9);
  });
});

it('repeated alerts follow after half an hour, then with doubled pauses of at most a day', () => {
  const pauses = [1, 2, 3, 6, 7, 40].map((alerts) => nextAlertAt(alerts, 0) / 60_000);
  expect(pauses).toEqual([30, 60, 120, 960, 1_440, 1_440]);
  expect(nextAlertAt(0, 7)).toBe(7);
});
