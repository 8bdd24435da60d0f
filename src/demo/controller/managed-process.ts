/**
 * One process of a controller. Starts, restarts (SIGTERM, then SIGKILL) and ends the process, one operation at a time
 * in the order of the calls. Never restarts a process that died by itself: the coordinator has to notice that.
 */
import type { ChildProcess } from 'node:child_process';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';

export interface ManagedProcessOptions {
  readonly id: string;
  /** The program and its arguments. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** How long the process may take to end after SIGTERM, ms. */
  readonly stopMs: number;
  /** Records the running process, so that the next controller can end it if this controller is killed. */
  readonly pidFile: string;
}

export class ManagedProcess {
  readonly id: string;
  readonly #options: ManagedProcessOptions;
  #child: ChildProcess | null = null;
  #queue: Promise<void> = Promise.resolve();
  #isDisposed = false;
  /** Time of the last start, epoch ms. */
  startedAt = 0;
  restarts = 0;

  constructor(options: ManagedProcessOptions) {
    this.id = options.id;
    this.#options = options;
  }

  /** Null while the process does not run. */
  get pid(): number | null {
    return isRunning(this.#child) ? (this.#child.pid ?? null) : null;
  }

  start(): Promise<void> {
    return this.#enqueue(async () => {
      killLeftover(this.#options.pidFile);
      this.#spawn();
    });
  }

  restart(): Promise<void> {
    return this.#enqueue(async () => {
      await this.#end();
      this.#spawn();
      this.restarts += 1;
    });
  }

  dispose(): Promise<void> {
    return this.#enqueue(async () => {
      this.#isDisposed = true;
      await this.#end();
      rmSync(this.#options.pidFile, { force: true });
    });
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(() => (this.#isDisposed ? undefined : work()));
    this.#queue = done.catch(() => undefined); // The caller gets the error; the next operation still runs.
    return done;
  }

  #spawn(): void {
    const { command, env, cwd, pidFile, id } = this.#options;
    const [program = '', ...args] = command;
    const child = spawn(program, args, {
      stdio: ['ignore', 'inherit', 'inherit'],
      cwd,
      env: { ...process.env, ...env },
    });
    child.on('error', (error) => console.error(`${id}: ${error.message}`));
    this.#child = child;
    this.startedAt = Date.now();
    if (child.pid !== undefined)
      writeFileSync(pidFile, JSON.stringify({ pid: child.pid, began: startTimeOf(child.pid) }));
  }

  async #end(): Promise<void> {
    const child = this.#child;
    if (!isRunning(child)) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    // A stopped (SIGSTOP) process reacts to SIGKILL only.
    const killTimer = setTimeout(() => child.kill('SIGKILL'), this.#options.stopMs);
    await exited;
    clearTimeout(killTimer);
  }
}

const isRunning = (child: ChildProcess | null): child is ChildProcess =>
  child !== null && child.pid !== undefined && child.exitCode === null && child.signalCode === null;

/** Kills the process that an earlier controller left behind, if the pid still belongs to it. */
function killLeftover(pidFile: string): void {
  let leftover: { pid: number; began: string };
  try {
    leftover = JSON.parse(readFileSync(pidFile, 'utf8')) as typeof leftover;
  } catch {
    return; // No pid file: no process was left behind.
  }
  // The system may have reused the pid for another process.
  if (leftover.began !== '' && startTimeOf(leftover.pid) === leftover.began) process.kill(leftover.pid, 'SIGKILL');
}

/** Start time of a process in the format of `ps`; empty for a process that does not exist. */
function startTimeOf(pid: number): string {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return ''; // `ps` fails when the process does not exist.
  }
}
