import { runInDurableObject } from 'cloudflare:test';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_BALANCING } from '../../../src/core/balancing/balancing-settings.ts';
import type { DeltaPosition, SnapshotDelta, SnapshotVersion } from '../../../src/core/balancing/snapshot-delta.ts';
import { appendPage } from '../../../src/core/balancing/snapshot-delta.ts';
import { RegistrationSchema } from '../../../src/core/component/registration.ts';
import { MAX_TYPE_BYTES, registrationBytes } from '../../../src/core/component/registration-size.ts';
import type { EdgeSnapshot } from '../../../src/edge/edge-snapshot.ts';
import { applyDelta, newEdgeSnapshot } from '../../../src/edge/edge-snapshot.ts';
import { refreshedSnapshot } from '../../../src/edge/snapshot-cache.ts';
import type { ComponentRegistry } from '../../../src/registry/component-registry.ts';
import { firstRecord } from '../../../src/registry/membership/new-record.ts';
import { EdgeSync } from '../../../src/registry/snapshot/edge-sync.ts';
import { PositionTable } from '../../../src/registry/snapshot/position-table.ts';
import { RegistryState } from '../../../src/registry/state/registry-state.ts';
import { RegistryStore } from '../../../src/registry/storage/registry-store.ts';
import { call, eventually, freshId, registrationFor } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';
import { freshRegistry } from '../fresh-registry.ts';

const MIB = 1_048_576;
const silent = { healthCheck: undefined, heartbeat: { ttl: 600_000 } };
const largeMetadata = { text: 'x'.repeat(7_560) };

/** Stores `count` components of about 7.9 kB each, as registrations do. */
async function fill(type: string, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => freshId());
  await runInDurableObject(freshRegistry(type).stub, (instance: ComponentRegistry) => {
    const { state } = instance['runtime'];
    const now = Date.now();
    state.setType(type);
    const records = ids.map((id) => {
      const fields = { type, ...silent, metadata: largeMetadata };
      return firstRecord(
        { registration: RegistrationSchema.parse(registrationFor(id, fields)), claim: 1, owner: null },
        now,
      );
    });
    expect(registrationBytes(records[0]!.registration)).toBeGreaterThan(7_700);
    state.commit({ records, visible: true }, now);
  });
  return ids;
}

describe('a type with 4 200 components of 7.9 kB', () => {
  it('is synchronised in pages of at most 8 MiB, and routes again after a restart', async () => {
    const registry = freshRegistry();
    const ids = await fill(registry.type, 4_200);
    await registry.evict();
    const sizes: number[] = [];
    for (let from: DeltaPosition | null = null, isLast = false; !isLast;) {
      const page = await registry.api.sync({ syncedTo: null, from, assignments: [], outcomes: [] });
      sizes.push(JSON.stringify(page.changed).length);
      from = page.next;
      isLast = from === null;
    }
    expect(sizes.length).toBeGreaterThan(3);
    expect(Math.max(...sizes)).toBeLessThan(8.1 * MIB);

    const background: Promise<unknown>[] = [];
    const snapshot = await eventually(
      () => refreshedSnapshot(registry.type, (work) => void background.push(work)),
      (found) => found !== null,
      20_000,
    );
    await Promise.all(background);
    expect(new Set(snapshot!.edge.pool.positions.keys())).toEqual(new Set(ids));
  });
});

describe('the registrations of a type', () => {
  it('are refused beyond 32 MiB, unless they become smaller', async () => {
    const type = 'constitutional_runtime';
    await call('PUT', `/v1/config/types/${type}`, { maxComponentsPerType: 10_000 });
    const perComponent = registrationBytes(
      RegistrationSchema.parse(registrationFor(freshId(), { type, ...silent, metadata: largeMetadata })),
    );
    const [first] = await fill(type, Math.floor(MAX_TYPE_BYTES / (perComponent + 4)));
    const register = (id: string, metadata: object) =>
      call('POST', '/v1/components', registrationFor(id, { type, ...silent, metadata }));
    // A few more fit, because ids differ in length.
    let refused = await register(freshId(), largeMetadata);
    for (let more = 0; more < 5 && refused.status === 201; more++) refused = await register(freshId(), largeMetadata);
    expect(expectProblem(refused, 409, 'type-memory-limit')).toEqual(['metadata']);
    expect(refused.body.errors[0].message).toMatch(/use \d+ of 33554432 bytes.*shorten metadata/);
    const { api } = freshRegistry(type);
    const smaller = RegistrationSchema.parse(registrationFor(first!, { type, ...silent }));
    const input = { claim: 2, ifGeneration: null, owner: null, actor: null };
    expect(await api.register({ ...input, registration: smaller })).toMatchObject({ ok: true });
    expect((await register(freshId(), {})).status).toBe(201);
  });
});

const change = fc.oneof(
  fc.record({ put: fc.nat(30), weight: fc.nat(5) }),
  fc.record({ remove: fc.nat(30) }),
  fc.constant('page' as const),
  fc.constant('restart' as const),
);

describe('a snapshot that is read in pages while components change', () => {
  it('equals the registry after the next delta', async () => {
    await runInDurableObject(freshRegistry().stub, (_, { storage }) => {
      fc.assert(
        fc.property(fc.array(change, { maxLength: 120, size: 'max' }), (changes) => {
          storage.sql.exec('DROP TABLE IF EXISTS components');
          const state = new RegistryState(new RegistryStore(storage.sql), storage);
          let sync = syncOf(state);
          const reader = new PageReader();
          changes.forEach((each, now) => {
            if (each === 'page') reader.readPage(sync, now);
            else if (each === 'restart') sync = syncOf(state);
            else applyChange(state, each, now);
          });
          const end = changes.length;
          // The rest of the pages, then the delta of what changed meanwhile.
          for (let complete = 0; complete < 2;) complete += reader.readPage(sync, end) ? 1 : 0;
          const weights = [...state.members].map(([id, { record }]) => [id, record.registration.weight]);
          expect(reader.weights()).toEqual(new Map(weights as [string, number][]));
        }),
        { numRuns: 60 },
      );
    });
  });
});

/** Small pages, of two or three components. */
const syncOf = (state: RegistryState): EdgeSync => new EdgeSync(state, new PositionTable(state), 2_500);

/** Collects pages as an isolate does. */
class PageReader {
  private readonly edge: EdgeSnapshot = newEdgeSnapshot(DEFAULT_BALANCING);
  private before: SnapshotDelta | null = null;
  private next: DeltaPosition | null = null;
  private syncedTo: SnapshotVersion | null = null;

  /** Returns whether the page was the last one. */
  readPage(sync: EdgeSync, now: number): boolean {
    const { next, ...page } = sync.delta(this.syncedTo, this.next, now);
    const isContinued = this.before !== null && this.next?.epoch === page.epoch;
    const delta = isContinued ? appendPage(this.before!, page) : page;
    this.before = next && delta;
    this.next = next;
    if (next) return false;
    applyDelta(this.edge, delta, { settings: DEFAULT_BALANCING, edgeMember: null }, now);
    this.syncedTo = this.edge.syncedTo;
    return true;
  }

  weights(): Map<string, number> {
    const { candidates, positions } = this.edge.pool;
    return new Map(Array.from(positions, ([id, position]) => [id, candidates[position]!.weight]));
  }
}

function applyChange(
  state: RegistryState,
  each: { readonly put: number; readonly weight: number } | { readonly remove: number },
  now: number,
): void {
  if ('remove' in each) {
    state.commit({ removed: [`c-${each.remove}`], visible: true }, now);
    return;
  }
  const id = `c-${each.put}`;
  const registration = RegistrationSchema.parse(registrationFor(id, { ...silent, weight: each.weight }));
  const known = state.members.get(id)?.record ?? firstRecord({ registration, claim: 1, owner: null }, now);
  state.commit({ records: [{ ...known, registration }], visible: true }, now);
}
