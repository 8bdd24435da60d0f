import { describe, expect, it } from 'vitest';
import { countingSince, reachesThreshold } from '../../../src/core/failure/threshold.ts';

const POLICY = { failureThreshold: 3, failureWindow: 300_000 };

describe('countingSince', () => {
  it.each([
    ['the window', 1_000_000, 0, 700_000],
    ['the end of the last recovery, if within the window', 1_000_000, 900_000, 900_000],
    ['the window if the last recovery ended before', 1_000_000, 100_000, 700_000],
    ['a recovery that ended at the same time', 1_000_000, 1_000_000, 1_000_000],
  ])('begins with %s', (_, occurredAt, settledUntil, expected) => {
    expect(countingSince(occurredAt, settledUntil, POLICY)).toBe(expected);
  });
});

describe('reachesThreshold', () => {
  it.each([
    ['ECONNREFUSED', 1, false],
    ['ECONNREFUSED', 2, false],
    ['ECONNREFUSED', 3, true],
    ['ECONNREFUSED', 4, true],
    [null, 2, false],
    [null, 3, true],
    // Several heartbeats were missed before the expiry. A heartbeat with status "unhealthy" is one failure.
    ['HEARTBEAT_EXPIRED', 1, true],
    ['REPORTED_UNHEALTHY', 1, false],
  ] as const)('%s with %i failures: %s', (code, recentFailures, expected) => {
    expect(reachesThreshold({ code }, recentFailures, 3)).toBe(expected);
  });

  it('is true at the first failure if the threshold is 1', () => {
    expect(reachesThreshold({ code: 'TIMEOUT' }, 1, 1)).toBe(true);
  });
});
