import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readHeartbeat, readHeartbeats } from '../../../src/core/vital/heartbeat.ts';

const ZERO = { activeConnections: 0, queueDepth: 0, loadPercentage: null };

const read = (body: unknown) => {
  const reading = readHeartbeat(body);
  if (!reading.ok) return { faults: reading.faults.map(({ path }) => path) };
  return { ...reading.value, warnings: reading.warnings.map(({ path }) => path) };
};

describe('a heartbeat', () => {
  it.each([
    [{}, { status: 'healthy', statesStatus: false, load: null, warnings: [] }],
    [{ status: 'degraded' }, { status: 'degraded', statesStatus: true, load: null, warnings: [] }],
    [
      { status: null, load: null },
      { status: 'healthy', statesStatus: false, load: null, warnings: [] },
    ],
    [{ load: {} }, { load: ZERO, warnings: [] }],
    [
      { load: { activeConnections: 5, loadPercentage: 1.5 } },
      { load: { ...ZERO, activeConnections: 5, loadPercentage: 1.5 }, warnings: [] },
    ],
    [
      { load: { loadPercentage: 100.0000001 } },
      { load: { ...ZERO, loadPercentage: 100 }, warnings: ['load.loadPercentage'] },
    ],
    [{ load: { loadPercentage: null } }, { load: null, warnings: ['load.loadPercentage'] }],
    [
      { load: { loadPercentage: 'much', queueDepth: 3 } },
      { load: { ...ZERO, queueDepth: 3 }, warnings: ['load.loadPercentage'] },
    ],
    [{ load: { activeConnections: -1 } }, { load: ZERO, warnings: ['load.activeConnections'] }],
    [{ load: { queueDepth: 1.5 } }, { load: { ...ZERO, queueDepth: 2 }, warnings: ['load.queueDepth'] }],
    [
      { load: { queueDepth: Infinity } },
      { load: { ...ZERO, queueDepth: 1_000_000_000 }, warnings: ['load.queueDepth'] },
    ],
    [{ load: 7 }, { load: null, warnings: ['load'] }],
    [{ load: [] }, { load: null, warnings: ['load'] }],
    [
      { load: { cpu: 1 }, mood: 'good' },
      { load: null, warnings: ['mood', 'load.cpu'] },
    ],
  ])('%j counts', (body, expected) => {
    expect(read(body)).toMatchObject(expected);
  });

  it.each([
    [{ status: 'fine' }, ['status']],
    [{ status: 1 }, ['status']],
    [{ status: '' }, ['status']],
    [null, ['']],
    [[], ['']],
    ['healthy', ['']],
  ])('%j is refused: nobody may guess the status', (body, faults) => {
    expect(read(body)).toEqual({ faults });
  });

  it('names what it received, and what it made of it', () => {
    const reading = readHeartbeat({ load: { loadPercentage: 101, queueDepth: '7' } });
    expect(reading.ok && reading.warnings).toEqual([
      { path: 'load.queueDepth', message: 'ignored: expected a number, received "7"' },
      { path: 'load.loadPercentage', message: 'clamped to 100: expected 0 to 100, received 101' },
    ]);
  });

  it('with a known status counts whatever else it contains, with at most 100 warnings', () => {
    const status = fc.constantFrom('healthy', 'degraded', 'unhealthy', undefined, null);
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.double(),
      fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 300 }),
    );
    fc.assert(
      fc.property(
        status,
        anything,
        fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 300 }),
        (stated, load, rest) => {
          const reading = readHeartbeat({ ...rest, status: stated, load });
          if (!reading.ok) throw new Error(reading.faults[0]!.message);
          const { load: figures } = reading.value;
          const all = [figures?.activeConnections ?? 0, figures?.queueDepth ?? 0, figures?.loadPercentage ?? 0];
          expect(all.every((each) => each >= 0 && Number.isFinite(each))).toBe(true);
          expect(figures?.loadPercentage ?? 0).toBeLessThanOrEqual(100);
          expect(reading.warnings.length).toBeLessThanOrEqual(100);
        },
      ),
    );
  });
});

describe('a batch of heartbeats', () => {
  it('refuses only the heartbeats that cannot be read', () => {
    const batch = [{ id: 'a' }, { id: 'A' }, {}, 7, { id: 'b', status: 'fine' }, { id: 'c', load: { queueDepth: -1 } }];
    const reading = readHeartbeats({ heartbeats: batch });
    if (!reading.ok) throw new Error('refused');
    expect(reading.value.map((each) => (each.ok ? each.id : [each.id, each.faults[0]?.path]))).toEqual([
      'a',
      ['A', 'heartbeats[1].id'],
      [null, 'heartbeats[2].id'],
      [null, 'heartbeats[3]'],
      ['b', 'heartbeats[4].status'],
      'c',
    ]);
    expect(reading.warnings.map(({ path }) => path)).toEqual(['heartbeats[5].load.queueDepth']);
  });

  it.each([
    [[], ''],
    [{}, 'heartbeats'],
    [{ heartbeats: {} }, 'heartbeats'],
    [{ heartbeats: [] }, 'heartbeats'],
    [{ heartbeats: Array.from({ length: 501 }, () => ({ id: 'a' })) }, 'heartbeats'],
  ])('that is none is refused: %#', (body, path) => {
    expect(readHeartbeats(body)).toMatchObject({ ok: false, faults: [{ path }] });
  });
});
