/**
 * A registry's heartbeats under evictions at any time, in simulated time: components send heartbeats, die, and the
 * object loses its memory between any two steps.
 */
import { runInDurableObject } from 'cloudflare:test';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RegistrationSchema } from '../../../src/core/component/registration.ts';
import { Heartbeats } from '../../../src/registry/health/heartbeats.ts';
import { HeartbeatWriter } from '../../../src/registry/health/heartbeat-writer.ts';
import { firstRecord } from '../../../src/registry/membership/new-record.ts';
import { RegistryState } from '../../../src/registry/state/registry-state.ts';
import { RegistryStore } from '../../../src/registry/storage/registry-store.ts';
import { registrationFor } from '../../support/coordinator-http.ts';
import { freshRegistry } from '../fresh-registry.ts';

const TTL_MS = 10_000;
/** The TTL and its grace. */
const LIMIT_MS = 11_000;
const TICK_MS = 50;
const END_MS = 60_000;
const START = Date.UTC(2026, 10, 30);

/** One instance of the object: its memory ends with an eviction, its storage stays. */
class Instance {
  readonly state: RegistryState;
  readonly heartbeats: Heartbeats;
  private readonly scheduled: { readonly at: number; readonly run: () => void }[] = [];
  private now: number;

  constructor(storage: DurableObjectStorage, now: number) {
    this.now = now;
    this.state = new RegistryState(new RegistryStore(storage.sql), storage);
    this.state.load(now);
    const schedule = (run: () => void, delayMs: number): void =>
      void this.scheduled.push({ at: this.now + delayMs, run });
    this.heartbeats = new Heartbeats(this.state, new HeartbeatWriter(this.state.store.heartbeats, schedule));
  }

  /** Lets time pass; returns the ids of components whose heartbeats have expired. */
  advance(now: number): string[] {
    this.now = now;
    const due = this.scheduled.filter(({ at }) => at <= now);
    this.scheduled.splice(0, this.scheduled.length, ...this.scheduled.filter(({ at }) => at > now));
    for (const { run } of due) run();
    const records = this.heartbeats.expire(now).map(({ member: { record } }) => record);
    const silent = records.filter(({ health }) => health.heartbeatStatus !== 'unhealthy');
    const stored = silent.map((record) => ({
      ...record,
      health: { ...record.health, heartbeatStatus: 'unhealthy' as const },
    }));
    if (stored.length > 0) this.state.commit({ records: stored, visible: false }, now);
    return silent.map(({ registration }) => registration.id);
  }
}

const scenario = fc.record({
  components: fc.array(
    fc.record({
      /** Pause between two heartbeats, as a part of the TTL. */
      pause: fc.integer({ min: 10, max: 90 }),
      offsetMs: fc.nat(TTL_MS - 1),
      diesAt: fc.option(fc.nat(END_MS)),
    }),
    // Together more than the pace of ten rows a second and the burst.
    { minLength: 1, maxLength: 120 },
  ),
  evictions: fc.array(fc.nat(END_MS), { maxLength: 12 }),
});

describe('heartbeats under evictions', () => {
  it('never expire early, and never outlive their TTL', async () => {
    await runInDurableObject(freshRegistry().stub, async (_, { storage }) => {
      await fc.assert(
        fc.asyncProperty(scenario, async ({ components, evictions }) => {
          for (const table of ['components', 'heartbeat_rows']) storage.sql.exec(`DROP TABLE IF EXISTS ${table}`);
          const { acknowledged, sent, expired } = await simulate(storage, components, new Set(evictions.map(toTick)));
          for (const [id, at] of expired) {
            expect(at).toBeGreaterThanOrEqual(acknowledged.get(id)! + LIMIT_MS);
            expect(at).toBeLessThanOrEqual(sent.get(id)! + LIMIT_MS + TICK_MS);
          }
          components.forEach(({ diesAt }, at) => {
            const isSilent = sent.get(`c-${at}`)! + LIMIT_MS < START + END_MS;
            expect(expired.has(`c-${at}`)).toBe(diesAt !== null && isSilent);
          });
        }),
        { numRuns: 25 },
      );
    });
  });
});

type Components =
  typeof scenario extends fc.Arbitrary<infer S extends { components: unknown }> ? S['components'] : never;

async function simulate(storage: DurableObjectStorage, components: Components, evictions: ReadonlySet<number>) {
  const acknowledged = new Map<string, number>();
  const sent = new Map<string, number>();
  const expired = new Map<string, number>();
  let instance = new Instance(storage, START);
  components.forEach((_, at) => {
    const id = `c-${at}`;
    const registration = RegistrationSchema.parse(
      registrationFor(id, { healthCheck: undefined, heartbeat: { ttl: TTL_MS } }),
    );
    instance.state.commit(
      { records: [firstRecord({ registration, claim: 1, owner: null }, START)], visible: true },
      START,
    );
    instance.heartbeats.expectNext([instance.state.members.get(id)!], START);
    for (const times of [acknowledged, sent]) times.set(id, START);
  });
  const nextAt = components.map(({ offsetMs, pause }) => START + Math.min(offsetMs, (pause * TTL_MS) / 100));
  const waiting = new Set<string>();
  const acknowledge = async ({ heartbeats }: Instance, id: string, now: number): Promise<void> => {
    await heartbeats.written(now);
    waiting.delete(id);
    acknowledged.set(id, now);
  };
  for (let now = START; now < START + END_MS; now += TICK_MS) {
    components.forEach(({ pause, diesAt }, at) => {
      const id = `c-${at}`;
      if (now < nextAt[at]! || (diesAt !== null && now >= START + diesAt)) return;
      nextAt[at] = now + (pause * TTL_MS) / 100;
      sent.set(id, now);
      instance.heartbeats.apply([{ id, status: 'healthy', load: null }], () => undefined, now);
      waiting.add(id);
      void acknowledge(instance, id, now);
    });
    await Promise.resolve();
    for (const id of instance.advance(now)) expired.set(id, now);
    await Promise.resolve();
    if (!evictions.has(now - START)) continue;
    instance = new Instance(storage, now);
    // A call that an eviction ends is repeated.
    components.forEach((_, at) => {
      if (waiting.delete(`c-${at}`)) nextAt[at] = now;
    });
  }
  return { acknowledged, sent, expired };
}

const toTick = (at: number): number => at - (at % TICK_MS);
