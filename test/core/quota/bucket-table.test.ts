import { expect, it } from 'vitest';
import { BucketTable } from '../../../src/core/quota/bucket-table.ts';

const POLICY = { burst: 2, perSecond: 1 };

it('is limited in number, and drops the least recently used bucket', () => {
  const table = new BucketTable(2);
  const granted = (subject: string): boolean => table.consume(subject, POLICY, 0).granted;
  for (const subject of ['a', 'a', 'b', 'b']) expect(granted(subject)).toBe(true);
  expect(granted('a')).toBe(false);
  expect(granted('c')).toBe(true);
  expect(granted('a')).toBe(false);
  expect(granted('b')).toBe(true);
});
