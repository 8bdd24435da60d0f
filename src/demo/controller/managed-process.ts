/**
 * One process that a controller runs: started, restarted (SIGTERM, then SIGKILL), ended. One thing at a time, in
 * the order it was asked for. A process that dies by itself stays dead: to notice is the coordinator's part.
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
  /** How long it may take to end in good order, ms. */
  readonly stopMs: number;
  /** Where to remember it, so that it can be ended when we were killed and it was not. */
  readonly pidFile: string;
}

export class ManagedProcess {
  readonly id: string;
  readonly #options: ManagedProcessOptions;
  #child: ChildProcess | null = null;
  #turn: Promise<void> = Promise.resolve();
  #isDisposed = false;
  /** Epoch ms of its last start. */
  startedAt = 0;
  restarts = 0;

  constructor(options: ManagedProcessOptions) {
    this.id = options.id;
    this.#options = options;
  }

  /** Null when it does not run. */
  get pid(): number | null {
    return isRunning(this.#child) ? (this.#child.pid ?? null) : null;
  }

  start(): Promise<void> {
    return this.#inTurn(async () => {
      endLeftover(this.#options.pidFile);
      this.#spawn();
    });
  }

  restart(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#end();
      this.#spawn();
      this.restarts += 1;
    });
  }

  dispose(): Promise<void> {
    return this.#inTurn(async () => {
      this.#isDisposed = true;
      await this.#end();
      rmSync(this.#options.pidFile, { force: true });
    });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(() => (this.#isDisposed ? undefined : work()));
    this.#turn = done.catch(() => undefined); // Told to whoever asked for it; the next one begins all the same.
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
      writeFileSync(pidFile, JSON.stringify({ pid: child.pid, began: beginningOf(child.pid) }));
  }

  async #end(): Promise<void> {
    const child = this.#child;
    if (!isRunning(child)) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    // One that is frozen takes nothing but SIGKILL.
    const impatience = setTimeout(() => child.kill('SIGKILL'), this.#options.stopMs);
    await exited;
    clearTimeout(impatience);
  }
}

const isRunning = (child: ChildProcess | null): child is ChildProcess =>
  child !== null && child.pid !== undefined && child.exitCode === null && child.signalCode === null;

/** Ends the process that a controller before us left behind, if it is still that one. */
function endLeftover(pidFile: string): void {
  let left: { pid: number; began: string };
  try {
    left = JSON.parse(readFileSync(pidFile, 'utf8')) as typeof left;
  } catch {
    return; // None was left.
  }
  // The number may be another process by now.
  if (left.began !== '' && beginningOf(left.pid) === left.began) process.kill(left.pid, 'SIGKILL');
}

/** When a process began, as `ps` says it; empty when there is none. */
function beginningOf(pid: number): string {
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return ''; // `ps` fails when there is no such process.
  }
}
