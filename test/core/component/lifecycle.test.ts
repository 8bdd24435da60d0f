import { describe, expect, it } from 'vitest';
import type { Lifecycle } from '../../../src/core/component/lifecycle.ts';
import { draining, takeOutOfService, settledAs, nextLifecycle } from '../../../src/core/component/lifecycle.ts';

const NOW = 1_000;
const active = settledAs('active');
const standby = settledAs('standby');

describe('nextLifecycle', () => {
  it.each([active, standby])('$state has no end', (lifecycle) => {
    expect(nextLifecycle(lifecycle, Number.MAX_SAFE_INTEGER)).toBeNull();
  });

  it.each([
    [draining(NOW), 'removed'],
    [takeOutOfService(active, 'maintenance', NOW), 'active'],
    [takeOutOfService(active, 'isolated', NOW), 'active'],
    [takeOutOfService(standby, 'maintenance', NOW), 'standby'],
    [takeOutOfService(standby, 'isolated', NOW), 'standby'],
  ] as const)('$0.state: null before its end, then $1', (lifecycle, expected) => {
    expect(nextLifecycle(lifecycle, NOW - 1)).toBeNull();
    expect(nextLifecycle(lifecycle, NOW)).toBe(expected);
    expect(nextLifecycle(lifecycle, NOW + 1_000_000)).toBe(expected);
  });
});

describe('takeOutOfService', () => {
  it.each([active, standby])('twice keeps the original state: $state', (before) => {
    const once = takeOutOfService(before, 'isolated', NOW);
    const twice: Lifecycle = takeOutOfService(once, 'maintenance', NOW + 1);
    expect(twice).toEqual({ state: 'maintenance', until: NOW + 1, next: before.state });
  });
});
