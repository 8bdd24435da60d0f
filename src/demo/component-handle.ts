/** One demo component as its supervisor sees it: a process on a port that stays the same across restarts. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('component-process.ts', import.meta.url));

export class ComponentHandle {
  readonly id: string;
  readonly port: number;
  readonly url: string;
  /** Time of the last spawn, epoch ms. */
  spawnedAt = 0;
  restarts = 0;
  #child: ChildProcess | null = null;
  #isDisposed = false;

  constructor(id: string, port: number) {
    this.id = id;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts the process, which waits `bootMs` and then listens. Resolves once the process listens or has exited. */
  async start(bootMs = 0): Promise<void> {
    const child = spawn(process.execPath, [PROGRAM], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { ...process.env, COMPONENT_ID: this.id, PORT: String(this.port), BOOT_MS: String(bootMs) },
    });
    this.#child = child;
    this.spawnedAt = Date.now();
    await Promise.race([once(child, 'message'), once(child, 'exit')]);
    // The channel carries no further message. The open channel lets the process notice the end of the demo.
    child.channel?.unref();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Kills the process if it still runs and starts it again. Resolves once the process is spawned, not booted. */
  async restart(bootMs: number): Promise<void> {
    await this.#end();
    if (this.#isDisposed) return;
    this.restarts += 1;
    // Not awaited: the coordinator has to notice a process that dies while booting.
    void this.start(bootMs);
  }

  /** Ends the process for good, by SIGKILL: a stopped (SIGSTOP) process reacts to no other signal. */
  async dispose(): Promise<void> {
    this.#isDisposed = true;
    await this.#end();
  }

  async #end(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
}
