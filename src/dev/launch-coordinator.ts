/**
 * Starts a separate coordinator for a program such as the demo or an end-to-end test. Runs `start.ts` in its own
 * process group, so that one SIGKILL ends all its processes at once, like a power cut.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { readAdminKey } from './dev-vars.ts';
import { freePort } from './free-port.ts';
import { PROJECT_ROOT } from './project-root.ts';

export interface LaunchInput {
  /** By default a free port. */
  readonly port?: number;
  /** Directory of the coordinator's state. A later launch with the same directory continues from that state. */
  readonly persistTo: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Additional arguments of `wrangler dev`. */
  readonly args?: readonly string[];
  readonly timeoutMs?: number;
  /** Aborts the start. Without effect once the coordinator has started. */
  readonly signal?: AbortSignal;
}

export interface LaunchedCoordinator {
  readonly url: string;
  readonly key: string;
  /** Also the id of the process group. */
  readonly pid: number;
  /** The last 64 000 characters that the coordinator has printed. */
  output(): string;
  /** Ends the coordinator by SIGTERM, after 10 s by SIGKILL. */
  stop(): Promise<void>;
  /** Sends SIGKILL to the whole process group at once. */
  kill(): Promise<void>;
}

const START_WITHIN_MS = 90_000;
const STOP_WITHIN_MS = 10_000;
const MAX_OUTPUT_CHARS = 64_000;

/** Resolves once the coordinator serves requests. If it does not start, throws an error with its output. */
export async function launchCoordinator(input: LaunchInput): Promise<LaunchedCoordinator> {
  const port = input.port ?? (await freePort());
  // Port 0 means any free one. By default wrangler searches from 9229 up, and two parallel starts find the same port.
  const inspector = ['--inspector-port', '0'];
  const args = ['--port', String(port), ...inspector, '--persist-to', resolve(input.persistTo), ...(input.args ?? [])];
  const child = spawn(process.execPath, [join(PROJECT_ROOT, 'src', 'dev', 'start.ts'), ...args], {
    detached: true,
    // The child reports its readiness over the channel, and notices the end of this process by its closing.
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

  const ready = await waitUntilReady(child, input);
  const key = readAdminKey();
  if (ready !== 'ready' || key === null) {
    await kill();
    throw new Error(`the coordinator did not start (${ready})\n${output()}`);
  }
  return { url: `http://127.0.0.1:${port}`, key, pid, output, stop, kill };
}

function waitUntilReady(child: ChildProcess, input: LaunchInput): Promise<'ready' | 'ended' | 'timeout' | 'aborted'> {
  return new Promise((resolve) => {
    child.once('message', () => resolve('ready'));
    child.once('exit', () => resolve('ended'));
    setTimeout(() => resolve('timeout'), input.timeoutMs ?? START_WITHIN_MS).unref();
    input.signal?.addEventListener('abort', () => resolve('aborted'), { once: true });
  });
}

function collectOutput(child: ChildProcess): () => string {
  let text = '';
  const append = (chunk: Buffer): void => {
    text = (text + chunk.toString()).slice(-MAX_OUTPUT_CHARS);
  };
  child.stdout?.on('data', append);
  child.stderr?.on('data', append);
  return () => text;
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The process group has already ended.
  }
}
