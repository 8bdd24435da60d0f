import { describe, expect, it } from 'vitest';
import type { ConfigDocuments } from '../../../src/core/config/config-documents.ts';
import { GLOBAL, NO_DOCUMENTS, withDocument } from '../../../src/core/config/config-documents.ts';
import { levelsOf, settingSourcesAt } from '../../../src/core/config/config-levels.ts';
import { resolveConfig } from '../../../src/core/config/effective-config.ts';
import type { TypeConfig } from '../../../src/core/config/settings.ts';
import { DEFAULT_CONFIG } from '../../../src/core/config/system-config.ts';

/** Documents stored in order: global (null) or for one type. */
const put = (...changes: readonly (readonly [string | null, TypeConfig])[]): ConfigDocuments =>
  changes.reduce(
    (documents, [type, document], at) =>
      withDocument(documents, type === null ? GLOBAL : { kind: 'type', type }, { revision: at + 1, document }),
    NO_DOCUMENTS,
  );

describe('the effective configuration', () => {
  it('is the defaults without any document', () => {
    const { global, types, revision } = resolveConfig(NO_DOCUMENTS);
    expect(revision).toBe(0);
    expect(global).toEqual(DEFAULT_CONFIG);
    for (const { config, overrides } of types.values()) {
      expect(config).toEqual(DEFAULT_CONFIG);
      expect(overrides).toEqual({});
    }
  });

  it('merges type settings over global ones', () => {
    const documents = put(
      [null, { failureThreshold: 5, slowStartMs: 0, balancingPolicy: 'random' }],
      ['task_router', { failureThreshold: 7, requestTypes: ['tea'] }],
    );
    const { global, types } = resolveConfig(documents);
    expect(global).toMatchObject({ failureThreshold: 5, slowStartMs: 0, balancingPolicy: 'random' });
    expect(types.get('task_router')).toMatchObject({
      revision: 2,
      overrides: { failureThreshold: 7, slowStartMs: 0, balancingPolicy: 'random' },
      config: { failureThreshold: 7, slowStartMs: 0, healthyThreshold: 2 },
      balancing: { policy: 'random', slowStartMs: 0 },
      requestTypes: ['tea'],
    });
    expect(types.get('task_router')?.overrides).not.toHaveProperty('requestTypes');
    expect(types.get('agent_registry')).toMatchObject({ revision: 1, config: { failureThreshold: 5 } });
    expect(settingSourcesAt(levelsOf(documents, 'task_router'))).toMatchObject({
      failureThreshold: 'type',
      slowStartMs: 'global',
      healthyThreshold: 'default',
    });
    expect(settingSourcesAt(levelsOf(documents, null))).toMatchObject({
      failureThreshold: 'global',
      healthyThreshold: 'default',
    });
  });

  it('returns to the default when a setting is removed', () => {
    const { global } = resolveConfig(put([null, { failureThreshold: 5 }], [null, {}]));
    expect(global).toEqual(DEFAULT_CONFIG);
  });

  it('lists added types after the built-in ones, whatever their names', () => {
    const { types, typeOfRequest } = resolveConfig(
      put(['zebra', { requestTypes: ['stripes'] }], ['constructor', { requestTypes: ['building'] }], ['empty', {}]),
    );
    expect([...types.keys()].slice(6)).toEqual(['constructor', 'empty', 'zebra']);
    expect(typeOfRequest.get('building')).toBe('constructor');
    expect(typeOfRequest.get('stripes')).toBe('zebra');
    expect(types.get('empty')?.requestTypes).toEqual([]);
  });

  it('lets a type release its request types, and reclaim them', () => {
    const without = resolveConfig(put(['task_router', { requestTypes: [] }]));
    expect(without.typeOfRequest.get('task_routing')).toBeUndefined();
    const back = resolveConfig(put(['task_router', { requestTypes: [] }], ['task_router', {}]));
    expect(back.typeOfRequest.get('task_routing')).toBe('task_router');
  });
});

describe('the effective configuration after a change', () => {
  const before = resolveConfig(put([null, { slowStartMs: 0 }], ['task_router', { balancingPolicy: 'random' }]));

  it('keeps the same object for unaffected types', () => {
    const after = resolveConfig(
      put(
        [null, { slowStartMs: 0 }],
        ['task_router', { balancingPolicy: 'random' }],
        ['agent_registry', { panicThreshold: 50 }],
      ),
      before,
    );
    expect(after.types.get('task_router')).toBe(before.types.get('task_router'));
    expect(after.types.get('agent_registry')).not.toBe(before.types.get('agent_registry'));
    expect(after.types.get('agent_registry')?.balancing).toMatchObject({ panicThreshold: 50, slowStartMs: 0 });
  });

  it('keeps the balancing settings object if no balancing setting changed', () => {
    const documents = put(
      [null, { slowStartMs: 0 }],
      ['task_router', { balancingPolicy: 'random' }],
      [null, { slowStartMs: 0, failureThreshold: 9 }],
    );
    const after = resolveConfig(documents, before);
    for (const [name, type] of after.types) {
      expect(type).not.toBe(before.types.get(name));
      expect(type.config.failureThreshold).toBe(9);
      expect(type.balancing).toBe(before.types.get(name)?.balancing);
    }
  });
});
