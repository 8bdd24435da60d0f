import { describe, expect, it } from 'vitest';
import { whyNotRoutable } from '../../../src/core/balancing/candidate.ts';

describe('whyNotRoutable', () => {
  it.each([
    ['active', 1, 'healthy', null],
    ['active', 1, 'degraded', null],
    ['active', 0.001, 'healthy', null],
    ['active', 1, 'unhealthy', 'unhealthy'],
    ['active', 1, 'unknown', 'unknown'],
    ['active', 0, 'healthy', 'weight'],
    ['standby', 1, 'healthy', 'lifecycle'],
    ['draining', 1, 'healthy', 'lifecycle'],
    ['maintenance', 1, 'healthy', 'lifecycle'],
    ['isolated', 1, 'healthy', 'lifecycle'],
    ['isolated', 0, 'unhealthy', 'lifecycle'],
    ['active', 0, 'unhealthy', 'weight'],
  ] as const)('%s, weight %d, %s: %s', (lifecycle, weight, status, expected) => {
    expect(whyNotRoutable({ lifecycle, weight, status })).toBe(expected);
  });
});
