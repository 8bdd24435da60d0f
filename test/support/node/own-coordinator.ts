import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { LaunchedCoordinator } from '../../../src/dev/launch-coordinator.ts';
import { launchCoordinator } from '../../../src/dev/launch-coordinator.ts';

/** Runs a coordinator for the tests of a file. Returns a function that returns it. */
export function ownCoordinator(): () => LaunchedCoordinator {
  let persistTo: string;
  let running: LaunchedCoordinator;
  beforeAll(async () => {
    persistTo = await mkdtemp(join(tmpdir(), 'arbiter-own-'));
    running = await launchCoordinator({ persistTo });
  });
  afterAll(async () => {
    await running?.stop();
    await rm(persistTo, { recursive: true, force: true, maxRetries: 3 });
  });
  return () => running;
}
