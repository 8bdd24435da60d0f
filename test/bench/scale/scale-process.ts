/** A bare workerd with the registries of `scale-worker.ts`, in a temporary folder. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startWorkerd } from '../bare/bare-workerd.ts';
import { buildBundle } from '../bare/build-bundles.ts';

export interface Counts {
  readonly total: number;
  readonly healthy: number;
  readonly unhealthy: number;
  /** Outbox rows that are not delivered yet. */
  readonly pending: number;
}

export interface ScaleProcess {
  /** Process id of the runtime, which alone may be stopped. */
  readonly pid: number;
  fill(type: string, count: number, urlOf: string): Promise<void>;
  counts(type: string): Promise<Counts>;
  /** Makes checks that pass, each with its own report. */
  report(type: string, count: number): Promise<void>;
  /** Resolves when the counts are as wanted; throws after `withinMs`. Returns the time that it took, ms. */
  until(type: string, accept: (counts: Counts) => boolean, withinMs: number): Promise<number>;
  stop(): Promise<void>;
}

export async function startScaleProcess(): Promise<ScaleProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'arbiter-scale-'));
  const runtime = await startWorkerd(
    [
      {
        name: 'scale',
        module: buildBundle('test/bench/scale/scale-worker.ts', join(folder, 'scale')),
        texts: { ALLOW_PRIVATE_ENDPOINTS: 'true' },
        objects: { COMPONENT_REGISTRY: 'ComponentRegistry', SYSTEM_COORDINATOR: 'SystemCoordinator' },
      },
    ],
    folder,
  );
  const url = runtime.urls['scale']!;
  const post = async (path: string, body?: unknown): Promise<void> => {
    const response = await fetch(`${url}${path}`, { method: 'POST', body: body ? JSON.stringify(body) : null });
    if (!response.ok) throw new Error(`${path} returned ${response.status} ${await response.text()}`);
  };
  const counts = async (type: string): Promise<Counts> => (await fetch(`${url}/counts/${type}`)).json();
  return {
    pid: runtime.pid,
    fill: (type, count, urlOf) => post('/fill', { type, count, urlOf }),
    counts,
    report: (type, count) => post(`/report/${type}/${count}`),
    async until(type, accept, withinMs) {
      const startedAt = Date.now();
      for (;;) {
        const now = await counts(type);
        if (accept(now)) return Date.now() - startedAt;
        if (Date.now() - startedAt > withinMs) throw new Error(`${type}: ${JSON.stringify(now)}`);
        await sleep(250);
      }
    },
    async stop() {
      await runtime.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
