/** The coordinator of the demo: at `COORDINATOR_URL`, already running on this machine, or started by the demo. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAdminKey } from '../dev/dev-vars.ts';
import { launchCoordinator } from '../dev/launch-coordinator.ts';
import { runningUrl } from '../dev/running-coordinator.ts';

const DEFAULT_URL = 'http://127.0.0.1:8787';

export interface CoordinatorAccess {
  readonly url: string;
  readonly key: string;
  /** Started by the demo and stopped at its end. */
  readonly isOwn: boolean;
}

/** Registers its clean-up with `onCleanUp` before it resolves, so that an early end of the demo stops the start too. */
export async function findCoordinator(
  env: NodeJS.ProcessEnv,
  onCleanUp: (undo: () => Promise<void>) => void,
): Promise<CoordinatorAccess> {
  const { COORDINATOR_URL: configuredUrl, PORT } = env;
  const key = env['COORDINATOR_KEY'] ?? readAdminKey();
  if (configuredUrl !== undefined) {
    if (key === null) throw new Error('COORDINATOR_URL is set without a key: set COORDINATOR_KEY');
    return { url: configuredUrl, key, isOwn: false };
  }
  const localUrl = PORT === undefined ? (runningUrl() ?? DEFAULT_URL) : `http://127.0.0.1:${PORT}`;
  if (key !== null && (await acceptsKey(localUrl, key))) return { url: localUrl, key, isOwn: false };

  const persistTo = await mkdtemp(join(tmpdir(), 'arbiter-demo-'));
  const abort = new AbortController();
  const launching = launchCoordinator({ persistTo, signal: abort.signal });
  onCleanUp(async () => {
    abort.abort();
    await launching.then(
      (running) => running.stop(),
      () => undefined, // The coordinator never started, so there is nothing to stop.
    );
    await rm(persistTo, { recursive: true, force: true, maxRetries: 3 });
  });
  const { url, key: ownKey } = await launching;
  return { url, key: ownKey, isOwn: true };
}

/** Whether a coordinator at `url` accepts this key. */
async function acceptsKey(url: string, key: string): Promise<boolean> {
  try {
    const headers = { authorization: `Bearer ${key}` };
    const response = await fetch(`${url}/v1/health`, { headers, signal: AbortSignal.timeout(3_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false; // No coordinator there: the demo starts its own.
  }
}
