/**
 * Fuzz test of every operation of the contract, with requests that users, programs and attackers may send.
 * A seed determines the cases: `FUZZ_SEED=7` runs others, and a failure names the seed to run again.
 * `FUZZ_CASES=10000` runs more cases.
 */
import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { BUILT_IN_TYPES } from '../../../src/core/config/component-types.ts';
import { contractOperations } from '../../support/contract-operations.ts';
import { eventually } from '../../support/coordinator-http.ts';
import { evict } from '../../support/evict.ts';
import { compareWithModel } from '../../support/fuzz/compare-fleet.ts';
import { SystemModel } from '../../support/fuzz/fleet-model.ts';
import { fuzzCases } from '../../support/fuzz/fuzz-cases.ts';
import { registerPool } from '../../support/fuzz/fuzz-pool.ts';
import { fuzzedOperations } from '../../support/fuzz/operations.ts';
import type { RunReport } from '../../support/fuzz/run-cases.ts';
import { runCases } from '../../support/fuzz/run-cases.ts';

const LEAST_ACCEPTED = 0.4;
const viteEnv = (import.meta as unknown as { env: Record<string, string | undefined> }).env;
const SEED = Number(viteEnv['VITE_FUZZ_SEED'] ?? 20_261_030);
const TOTAL = Number(viteEnv['VITE_FUZZ_CASES'] ?? 3_000);
const LEAST_PER_OPERATION = Math.floor(TOTAL / 300);

const registries = BUILT_IN_TYPES.map((type) => env.COMPONENT_REGISTRY.getByName(type));
const system = env.SYSTEM_COORDINATOR.getByName('system');

const TABLES =
  "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY name";

/** The table declarations of all objects and of D1. */
async function tables(): Promise<unknown[]> {
  const inObjects = await Promise.all(
    [...registries, system].map((stub) =>
      runInDurableObject(stub as DurableObjectStub, (_, state) => state.storage.sql.exec(TABLES).toArray()),
    ),
  );
  const { results } = await env.HISTORY.prepare(TABLES).all();
  return [...inObjects, results];
}

describe(`fuzzing every operation, seed ${SEED}`, () => {
  const operations = fuzzedOperations();
  const model = new SystemModel();
  let before: unknown[];
  let report: RunReport;

  beforeAll(async () => {
    // Control calls of recoveries fail with 503; alerts are delivered.
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input) => {
      const isAlert = new Request(input).url.includes('/alert-receiver/');
      return new Response(null, { status: isAlert ? 204 : 503 });
    });
    for (const response of await registerPool()) {
      expect(response.status).toBe(201);
      expect(model.learn({ method: 'POST', pathname: '/v1/components', json: {}, busy: new Set() }, response)).toEqual(
        [],
      );
    }
    before = await tables();
    report = await runCases(fuzzCases(operations, TOTAL, SEED), model);
    console.info(described(report));
  }, 400_000);

  afterAll(() => {
    vi.restoreAllMocks();
  });

  it('gets 2xx as requested or a complete problem', () => {
    expect(report.violations, `FUZZ_SEED=${SEED} FUZZ_CASES=${TOTAL}`).toEqual([]);
  });

  it('covers every operation of the contract often enough, mostly with valid requests', () => {
    const wanted = contractOperations().map(({ method, path }) => `${method} ${path}`);
    expect([...report.byOperation.keys()].toSorted()).toEqual(wanted.toSorted());
    const rare = [...report.byOperation].filter(([, { total }]) => total < LEAST_PER_OPERATION);
    expect(rare).toEqual([]);
    const { total, accepted } = sumOf(report);
    expect(total).toBeGreaterThanOrEqual(TOTAL);
    expect(accepted / total).toBeGreaterThanOrEqual(LEAST_ACCEPTED);
  });

  it('leaves exactly the acknowledged state, before and after an eviction', async () => {
    const settled = await eventually(
      () => compareWithModel(model),
      (faults) => faults.length === 0,
      20_000,
    ).catch(String);
    expect(settled, `FUZZ_SEED=${SEED} FUZZ_CASES=${TOTAL}`).toEqual([]);
    for (const stub of [...registries, system]) await evict(stub);
    expect(await compareWithModel(model), `FUZZ_SEED=${SEED} FUZZ_CASES=${TOTAL}`).toEqual([]);
  }, 60_000);

  it('leaves the table declarations unchanged', async () => {
    expect(await tables()).toEqual(before);
  });
});

const sumOf = ({ byOperation }: RunReport) => {
  const tallies = [...byOperation.values()];
  return {
    total: tallies.reduce((sum, { total }) => sum + total, 0),
    accepted: tallies.reduce((sum, { accepted }) => sum + accepted, 0),
  };
};

function described(report: RunReport): string {
  const { total, accepted } = sumOf(report);
  const lines = [...report.byOperation]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, tally]) => `  ${name}: ${tally.total}, ${tally.accepted} accepted`);
  const statuses = [...report.byStatus].toSorted(([a], [b]) => a - b).map(([status, count]) => `${status}×${count}`);
  return [
    `seed ${SEED}: ${total} cases, ${((100 * accepted) / total).toFixed(1)} % accepted`,
    statuses.join(' '),
    ...lines,
  ].join('\n');
}
