import { describe, expect, it } from 'vitest';
import { leaseIdOf, typeOfLease } from '../../../src/core/lease/lease-id.ts';

const RANDOM = '0123456789abcdef'.repeat(2);

describe('the id of a lease', () => {
  it.each(['task_router', 'a', 'caws_validator', `t${'_9'.repeat(31)}`])('says its type: %s', (type) => {
    expect(typeOfLease(leaseIdOf(type, RANDOM))).toBe(type);
  });

  it.each([
    '',
    'l-',
    'task_router',
    `l-task_router-${RANDOM.slice(1)}`,
    `l-task_router-${RANDOM}0`,
    `l-task_router-${RANDOM.toUpperCase()}`,
    `l-Task-${RANDOM}`,
    `l--${RANDOM}`,
    `l-task-router-${RANDOM}`,
    ` l-task_router-${RANDOM}`,
    `l-task_router-${RANDOM}\n`,
    `l-${'t'.repeat(65)}-${RANDOM}`,
  ])('is nothing else: %j', (text) => {
    expect(typeOfLease(text)).toBeUndefined();
  });
});
