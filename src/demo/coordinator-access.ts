/** The coordinator the demo plays against: the one it is told of, one that runs here, or one of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAdminKey } from '../dev/dev-vars.ts';
import { launchCoordinator } from '../dev/launch-coordinator.ts';

export interface CoordinatorAccess {
  readonly url: string;
  readonly key: string;
  /** Started for the demo, and gone with it. */
  readonly isOwn: boolean;
}

/** `atEnd` takes what must be undone, also when that comes before this has resolved. */
export async function findCoordinator(
  env: NodeJS.ProcessEnv,
  atEnd: (undo: () => Promise<void>) => void,
): Promise<CoordinatorAccess> {
  const { COORDINATOR_URL: givenUrl, PORT = '8787' } = env;
  const key = env['COORDINATOR_KEY'] ?? readAdminKey();
  if (givenUrl !== undefined) {
    if (key === null) throw new Error('COORDINATOR_URL is set but no key: set COORDINATOR_KEY');
    return { url: givenUrl, key, isOwn: false };
  }
  const localUrl = `http://127.0.0.1:${PORT}`;
  if (key !== null && (await accepts(localUrl, key))) return { url: localUrl, key, isOwn: false };

  const persistTo = await mkdtemp(join(tmpdir(), 'arbiter-demo-'));
  const abort = new AbortController();
  const launching = launchCoordinator({ persistTo, signal: abort.signal });
  atEnd(async () => {
    abort.abort();
    await launching.then(
      (running) => running.stop(),
      () => undefined, // It never started, so there is nothing to stop.
    );
    await rm(persistTo, { recursive: true, force: true, maxRetries: 3 });
  });
  const { url, key: ownKey } = await launching;
  return { url, key: ownKey, isOwn: true };
}

/** Whether a coordinator answers there that takes this key. */
async function accepts(url: string, key: string): Promise<boolean> {
  try {
    const headers = { authorization: `Bearer ${key}` };
    const response = await fetch(`${url}/v1/health`, { headers, signal: AbortSignal.timeout(3_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false; // Nobody there: the demo starts its own.
  }
}
