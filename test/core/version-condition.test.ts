import { describe, expect, it } from 'vitest';
import type { VersionCondition } from '../../src/core/version-condition.ts';
import { failedCondition } from '../../src/core/version-condition.ts';

const failed = (condition: VersionCondition, version: number | null) =>
  failedCondition(condition, { name: 'the document', counter: 'revision', version });

describe('a version condition', () => {
  it.each<readonly [VersionCondition, number | null]>([
    [null, null],
    [null, 3],
    [3, 3],
    [0, 0],
    ['present', 0],
    ['absent', null],
  ])('%s holds for version %s', (condition, version) => {
    expect(failed(condition, version)).toBeNull();
  });

  it.each<readonly [VersionCondition, number | null, string]>([
    [3, 4, 'the document has revision 4, If-Match names 3'],
    [0, null, 'the document does not exist, and If-Match requires it'],
    ['present', null, 'the document does not exist, and If-Match requires it'],
    ['absent', 0, 'the document exists, and If-None-Match: * forbids it'],
  ])('%s fails for version %s', (condition, version, message) => {
    expect(failed(condition, version)).toMatchObject({ reason: 'precondition-failed', message });
  });
});
