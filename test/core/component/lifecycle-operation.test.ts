import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Lifecycle } from '../../../src/core/component/lifecycle.ts';
import {
  draining,
  isSettled,
  takeOutOfService,
  settledAs,
  nextLifecycle,
} from '../../../src/core/component/lifecycle.ts';
import type { Operation } from '../../../src/core/component/lifecycle-operation.ts';
import { OPERATIONS, applyOperation } from '../../../src/core/component/lifecycle-operation.ts';

const NOW = 1_000_000;
const HOUR = 3_600_000;
const plain = { durationMs: null, until: null, reason: null } as const;
const active = settledAs('active');
const standby = settledAs('standby');

const decided = (current: Lifecycle, operation: Operation, now = NOW, role: 'active' | 'standby' = 'active') => {
  const result = applyOperation(current, role, operation, now);
  return result.ok ? result.value : result.reason;
};

describe('operate', () => {
  it.each<[string, Lifecycle, Operation, object]>([
    [
      'drains without an end',
      active,
      { ...plain, action: 'drain' },
      { state: 'draining', until: null, next: 'active' },
    ],
    [
      'drains for a time',
      active,
      { ...plain, action: 'drain', durationMs: HOUR },
      { until: NOW + HOUR, next: 'active' },
    ],
    ['isolates for 5 minutes', active, { ...plain, action: 'isolate' }, { state: 'isolated', until: NOW + 300_000 }],
    [
      'maintains until a time',
      active,
      { ...plain, action: 'maintenance', until: 9 },
      { state: 'maintenance', until: 9 },
    ],
    ['keeps the reason', active, { ...plain, action: 'drain', reason: 'new disk' }, { reason: 'new disk' }],
    ['remembers a standby', standby, { ...plain, action: 'drain' }, { next: 'standby' }],
    [
      'remembers a standby from one state to the next',
      takeOutOfService(standby, 'isolated', NOW + 1),
      { ...plain, action: 'maintenance', durationMs: HOUR },
      { state: 'maintenance', next: 'standby' },
    ],
    ['restores a standby', takeOutOfService(standby, 'draining', null), { ...plain, action: 'restore' }, standby],
    [
      'restores a component that is draining before removal',
      draining(NOW + 1),
      { ...plain, action: 'restore' },
      active,
    ],
  ])('%s', (_, current, operation, expected) => {
    expect(decided(current, operation)).toMatchObject(expected);
  });

  it.each(['drain', 'isolate', 'maintenance'] as const)(
    'refuses to %s a component that is draining before removal',
    (action) => {
      expect(decided(draining(NOW + HOUR), { ...plain, action, durationMs: HOUR })).toBe('being-removed');
    },
  );

  it.each([active, standby])('changes nothing when it restores a component in state $state', (current) => {
    expect(decided(current, { ...plain, action: 'restore' })).toBeNull();
  });

  it('ignores a repeated call, and applies a later end', () => {
    const first = decided(active, { ...plain, action: 'isolate', durationMs: HOUR }) as Lifecycle;
    expect(decided(first, { ...plain, action: 'isolate', durationMs: HOUR }, NOW + 9_000)).toBeNull();
    expect(decided(first, { ...plain, action: 'isolate', durationMs: HOUR }, NOW + 60_000)).toMatchObject({
      until: NOW + 60_000 + HOUR,
    });
    expect(decided(first, { ...plain, action: 'isolate', until: NOW + HOUR }, NOW + 60_000)).toBeNull();
    expect(decided(first, { ...plain, action: 'isolate', until: NOW + HOUR + 1 })).toMatchObject({
      until: NOW + HOUR + 1,
    });
  });

  it('is idempotent, and restore returns to the original state', () => {
    const operation = fc.record({
      action: fc.constantFrom(...OPERATIONS),
      durationMs: fc.option(fc.integer({ min: 60_000, max: 30 * 24 * HOUR })),
      until: fc.constant(null),
      reason: fc.option(fc.string({ maxLength: 5 })),
    });
    fc.assert(
      fc.property(fc.constantFrom(active, standby), fc.array(operation, { maxLength: 8 }), (first, operations) => {
        let current: Lifecycle = first;
        for (const each of operations) {
          const next = decided(current, each, NOW, first.state as 'active');
          if (next !== null) current = next as Lifecycle;
          expect(decided(current, each, NOW, first.state as 'active')).toBeNull();
          expect(nextLifecycle(current, Infinity)).toBe(
            isSettled(current) || current.until === null ? null : first.state,
          );
        }
        const restored = decided(current, { ...plain, action: 'restore' }, NOW, first.state as 'active') ?? current;
        expect(restored).toEqual(first);
      }),
    );
  });
});
