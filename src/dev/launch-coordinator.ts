/**
 * Starts a coordinator of its own for a program (the demo, end-to-end tests): `start.ts` in its own
 * process group, so that the whole of it can be killed in one instant, the way a power cut would.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { readAdminKey } from './dev-vars.ts';
import { freePort } from './free-port.ts';
import { PROJECT_ROOT } from './project-root.ts';

export interface LaunchInput {
  /** A free one when left out. */
  readonly port?: number;
  /** Directory of its state; the same directory later brings the same coordinator back. */
  readonly persistTo: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Further arguments of `wrangler dev`. */
  readonly args?: readonly string[];
  readonly timeoutMs?: number;
  /** Gives up starting; without effect once it has started. */
  readonly signal?: AbortSignal;
}

export interface LaunchedCoordinator {
  readonly url: string;
  readonly key: string;
  /** Also the id of its process group. */
  readonly pid: number;
  /** Everything it has printed so far, its last 64 000 characters. */
  output(): string;
  /** Ends it in good order. */
  stop(): Promise<void>;
  /** SIGKILL to all of it at once. */
  kill(): Promise<void>;
}

const START_WITHIN_MS = 90_000;
const STOP_WITHIN_MS = 10_000;
const KEEP_OUTPUT = 64_000;

/** Resolves once it answers; throws with what it printed when it does not. */
export async function launchCoordinator(input: LaunchInput): Promise<LaunchedCoordinator> {
  const port = input.port ?? (await freePort());
  // Any: wrangler looks for one from 9229 on, and two that start at once find the same.
  const inspector = ['--inspector-port', '0'];
  const args = ['--port', String(port), ...inspector, '--persist-to', resolve(input.persistTo), ...(input.args ?? [])];
  const child = spawn(process.execPath, [join(PROJECT_ROOT, 'src', 'dev', 'start.ts'), ...args], {
    detached: true,
    // The channel tells us when it is ready, and tells it when we are gone.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, ...input.env },
  });
  const output = collectOutput(child);
  const exited = once(child, 'exit').then(() => undefined);
  const { pid } = child;
  if (pid === undefined) throw new Error('the coordinator could not be started');

  const kill = async (): Promise<void> => {
    killGroup(pid);
    await exited;
  };
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => killGroup(pid), STOP_WITHIN_MS);
    await exited;
    clearTimeout(timer);
    killGroup(pid);
  };

  const ready = await readiness(child, input);
  const key = readAdminKey();
  if (ready !== 'ready' || key === null) {
    await kill();
    throw new Error(`the coordinator did not start (${ready})\n${output()}`);
  }
  return { url: `http://127.0.0.1:${port}`, key, pid, output, stop, kill };
}

function readiness(child: ChildProcess, input: LaunchInput): Promise<'ready' | 'ended' | 'timeout' | 'aborted'> {
  return new Promise((resolve) => {
    child.once('message', () => resolve('ready'));
    child.once('exit', () => resolve('ended'));
    setTimeout(() => resolve('timeout'), input.timeoutMs ?? START_WITHIN_MS).unref();
    input.signal?.addEventListener('abort', () => resolve('aborted'), { once: true });
  });
}

function collectOutput(child: ChildProcess): () => string {
  let text = '';
  const keep = (chunk: Buffer): void => {
    text = (text + chunk.toString()).slice(-KEEP_OUTPUT);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  return () => text;
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody of the group is left, which is what was wanted.
  }
}
