import { describe, expect, it } from 'vitest';
import type { ConfigDocuments, ConfigScope } from '../../../src/core/config/config-documents.ts';
import { GLOBAL, NO_DOCUMENTS, withDocument } from '../../../src/core/config/config-documents.ts';
import { judgeDocuments } from '../../../src/core/config/config-rules.ts';
import type { TypeConfig } from '../../../src/core/config/settings.ts';

const scopeOf = (type: string | null): ConfigScope => (type === null ? GLOBAL : { kind: 'type', type });

const RECOVERY = (verifyMs: number): TypeConfig['recovery'] => ({
  timeout_failure: { actions: [{ action: 'restart', verifyMs }, { action: 'alert' }] },
});

/** Judges the last document on top of the others. */
function judge(...changes: readonly (readonly [string | null, TypeConfig])[]) {
  const documents = changes.reduce(
    (before: ConfigDocuments, [type, document], at) =>
      withDocument(before, scopeOf(type), { revision: at + 1, document }),
    NO_DOCUMENTS,
  );
  return judgeDocuments(documents, scopeOf(changes.at(-1)![0]));
}

describe('combined settings', () => {
  it.each<[string, string | null, TypeConfig]>([
    ['nothing', null, {}],
    ['unbounded detection', null, { maxDetectionMs: 0 }],
    ['the fastest detection', null, { maxDetectionMs: 7_000 }],
    ['a faster one with younger snapshots', 'task_router', { maxDetectionMs: 6_000, snapshotMaxAgeMs: 1_000 }],
    ['the shortest recovery', null, { recoveryTimeout: 10_000 }],
    ['many verification checks with much time', null, { recoveryTimeout: 40_000, healthyThreshold: 20 }],
    ['an action without verification', null, { recovery: RECOVERY(0) }],
  ])('may be %s', (_, type, document) => {
    expect(judge([type, document])).toBeNull();
  });

  it.each<[string, readonly (readonly [string | null, TypeConfig])[], string, string]>([
    [
      'a verification that is shorter than its checks take',
      [
        [null, { healthyThreshold: 5 }],
        ['task_router', { recovery: RECOVERY(9_999) }],
      ],
      'recovery',
      'verifyMs of recovery must be 0 or leave 2000 ms for each of healthyThreshold checks: 9999 with 5',
    ],
    [
      'detection faster than the default snapshot age allows',
      [[null, { maxDetectionMs: 6_999 }]],
      'maxDetectionMs',
      'maxDetectionMs must be 0 or at least 5000 ms more than snapshotMaxAgeMs: 6999 with 2000',
    ],
    [
      'snapshots older than the default detection time allows',
      [[null, { snapshotMaxAgeMs: 5_001 }]],
      'snapshotMaxAgeMs',
      'maxDetectionMs must be 0 or at least 5000 ms more than snapshotMaxAgeMs: 10000 with 5001',
    ],
    [
      'a type in conflict with the global settings',
      [
        [null, { snapshotMaxAgeMs: 4_000 }],
        ['task_router', { maxDetectionMs: 8_000 }],
      ],
      'maxDetectionMs',
      'maxDetectionMs must be 0 or at least 5000 ms more than snapshotMaxAgeMs: 8000 with 4000',
    ],
    [
      'global settings in conflict with a type',
      [
        ['task_router', { maxDetectionMs: 8_000 }],
        [null, { snapshotMaxAgeMs: 4_000 }],
      ],
      'snapshotMaxAgeMs',
      'maxDetectionMs must be 0 or at least 5000 ms more than snapshotMaxAgeMs: 8000 with 4000 (for task_router)',
    ],
    [
      'more verification checks than time',
      [[null, { recoveryTimeout: 20_000, healthyThreshold: 11 }]],
      'recoveryTimeout',
      'recoveryTimeout must leave 2000 ms for each of healthyThreshold checks: 20000 with 11',
    ],
  ])('may not be %s', (_, changes, path, message) => {
    expect(judge(...changes)).toEqual({ reason: 'invalid-request', faults: [{ path, message }] });
  });
});

describe('component types', () => {
  it('share no request type, neither built in nor added', () => {
    expect(judge(['tea', { requestTypes: ['brew', 'task_routing'] }])).toEqual({
      reason: 'request-type-conflict',
      faults: [{ path: 'requestTypes[1]', message: 'task_routing reaches task_router' }],
    });
    expect(judge(['tea', { requestTypes: ['brew'] }], ['coffee', { requestTypes: ['brew'] }])).toMatchObject({
      faults: [{ path: 'requestTypes[0]', message: 'brew reaches tea' }],
    });
  });

  it('may claim a request type that another type released, and the other cannot reclaim it', () => {
    const documents: (readonly [string, TypeConfig])[] = [
      ['task_router', { requestTypes: [] }],
      ['tea', { requestTypes: ['task_routing'] }],
    ];
    expect(judge(...documents)).toBeNull();
    expect(judge(...documents, ['task_router', {}])).toEqual({
      reason: 'request-type-conflict',
      faults: [{ path: 'requestTypes', message: 'task_routing reaches tea' }],
    });
  });

  it('are limited to 64', () => {
    const added = Array.from({ length: 59 }, (_, at) => [`added_${at}`, {}] as const);
    expect(judge(...added.slice(0, 58))).toBeNull();
    expect(judge(...added)).toMatchObject({
      reason: 'type-limit',
      faults: [{ message: expect.stringContaining('64') }],
    });
  });
});
