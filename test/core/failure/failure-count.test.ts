import { describe, expect, it } from 'vitest';
import type { ComponentRecord } from '../../../src/core/component/component-record.ts';
import { NO_RECOVERY } from '../../../src/core/component/component-record.ts';
import { countFailures } from '../../../src/core/failure/failure-count.ts';

const NOW = 1_000_000;
const POLICY = { failureThreshold: 3, failureWindow: 300_000 };

const recordWith = (recovery: Partial<ComponentRecord['recovery']>, registeredAt = 0): ComponentRecord =>
  ({ registeredAt, recovery: { ...NO_RECOVERY, ...recovery } }) as unknown as ComponentRecord;

describe('the failures that count', () => {
  it.each<[string, ComponentRecord, number]>([
    ['are none of a component without failures', recordWith({}), 0],
    ['are those within the window', recordWith({ recentFailures: [NOW - 300_000, NOW - 299_999, NOW] }), 2],
    ['exclude those that a recovery settled', recordWith({ recentFailures: [NOW - 9, NOW], settledUntil: NOW - 5 }), 1],
    ['exclude those of a predecessor', recordWith({ recentFailures: [NOW - 9, NOW] }, NOW - 5), 1],
  ])('%s', (_, record, expected) => {
    expect(countFailures(record, POLICY, NOW)).toBe(expected);
  });
});
