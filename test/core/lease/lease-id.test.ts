import { describe, expect, it } from 'vitest';
import {
  blockIdOf,
  idDigits,
  isBlockId,
  leaseIdOf,
  parseLeaseRef,
  typeOfLease,
  unsignedId,
} from '../../../src/core/lease/lease-id.ts';

const RANDOM = '0123456789abcdef'.repeat(2);

describe('leaseIdOf', () => {
  it.each(['task_router', 'a', 'caws_validator', `t${'_9'.repeat(31)}`])('contains the component type: %s', (type) => {
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

describe('idDigits', () => {
  const random = 'f0'.repeat(12);

  it.each([
    [0, '00000000'],
    [255, '00000000'],
    [256, '00000001'],
    [1_798_000_000_000, 'a2a126bc'],
    [2 ** 40 - 1, 'ffffffff'],
    // The time wraps around.
    [2 ** 40, '00000000'],
    [2 ** 40 + 512, '00000002'],
  ])('encode the time and random digits: %d', (now, time) => {
    expect(idDigits(now, random)).toBe(time + random);
    expect(typeOfLease(leaseIdOf('task_router', idDigits(now, random)))).toBe('task_router');
  });
});

describe('unsignedId', () => {
  const place = { blockId: blockIdOf('task_router', RANDOM), slot: 15, use: 123_456, expiresAt: 1_798_000_000_000 };
  const text = unsignedId(place);
  const signature = 'ab'.repeat(16);

  it('contains the place of the lease and the signed text', () => {
    expect(parseLeaseRef(`${text}-${signature}`)).toEqual({ ...place, text, signature });
    expect(typeOfLease(`${text}-${signature}`)).toBe('task_router');
  });

  it('differs from a plain lease id and from a block id', () => {
    expect(parseLeaseRef(leaseIdOf('task_router', RANDOM))).toBeNull();
    expect(parseLeaseRef(place.blockId)).toBeNull();
    expect([place.blockId, text, `${text}-${signature}`].map(isBlockId)).toEqual([true, false, false]);
    expect(typeOfLease(place.blockId)).toBe('task_router');
  });

  it.each([text, `${text}-`, `${text}-${signature}0`, `${text}-${signature.slice(1)}`, `${text}-1-${signature}`])(
    'is nothing else: %s',
    (id) => {
      expect(parseLeaseRef(id)).toBeNull();
      expect(typeOfLease(id)).toBeUndefined();
    },
  );
});
