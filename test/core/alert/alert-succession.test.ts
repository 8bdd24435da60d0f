import { describe, expect, it } from 'vitest';
import type { AlertDelivery } from '../../../src/core/alert/alert-succession.ts';
import { supersededAlerts } from '../../../src/core/alert/alert-succession.ts';

const attempt = (status: number | null, error: string | null = null) => ({
  number: 1,
  at: 0,
  durationMs: 1,
  status,
  error,
});

/** `warning waiting 429` is an opened alert that waits after an attempt with that result. */
function delivery(text: string): AlertDelivery & { readonly text: string } {
  const [kind = '', state = '', result] = text.split(' ');
  const attempts = result === undefined ? [] : [/^\d+$/.test(result) ? attempt(Number(result)) : attempt(null, result)];
  return { text, type: `incident.${kind}`, state: state as AlertDelivery['state'], attempts };
}

describe('alerts about one incident that still wait', () => {
  it.each<[string, string[], string[]]>([
    ['one alert', ['opened waiting'], []],
    ['an escalation', ['opened waiting', 'opened waiting'], ['opened waiting']],
    ['an escalation behind an attempt under way', ['opened sending', 'opened waiting'], []],
    ['a repetition', ['opened waiting', 'repeated waiting'], ['opened waiting']],
    ['an acknowledgement, which needs its alert', ['opened waiting', 'acknowledged waiting'], []],
    ['an acknowledgement of an earlier state', ['acknowledged waiting', 'opened waiting'], []],
    [
      'the end of a delivered alert',
      ['opened delivered', 'repeated waiting', 'resolved waiting'],
      ['repeated waiting'],
    ],
    ['the end of an alert under way', ['opened sending', 'resolved waiting'], []],
    [
      'the end of an alert that never left',
      ['opened waiting', 'resolved waiting'],
      ['opened waiting', 'resolved waiting'],
    ],
    [
      'the end of a throttled alert',
      ['opened waiting 429', 'resolved waiting'],
      ['opened waiting 429', 'resolved waiting'],
    ],
    ['the end of a refused alert', ['opened dead 400', 'resolved waiting'], ['resolved waiting']],
    [
      'the end of an alert without connection',
      ['opened waiting ECONNREFUSED', 'resolved waiting'],
      ['opened waiting ECONNREFUSED', 'resolved waiting'],
    ],
    [
      'the end of an alert that may have arrived',
      ['opened waiting TIMEOUT', 'resolved waiting'],
      ['opened waiting TIMEOUT'],
    ],
    ['the end after the gateway failed', ['opened waiting 502', 'resolved waiting'], ['opened waiting 502']],
    ['an escalation of a refused warning', ['opened dead 400', 'opened waiting'], []],
  ])('%s', (_, deliveries, superseded) => {
    expect(supersededAlerts(deliveries.map(delivery)).map(({ text }) => text)).toEqual(superseded);
  });
});
