/** One demo component as its supervisor sees it: a process on a port that stays the same over restarts. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('component-process.ts', import.meta.url));

export class ComponentHandle {
  readonly id: string;
  readonly port: number;
  readonly url: string;
  /** When it was spawned for the last time, epoch ms. */
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

  /** Starts the process; it listens after `bootMs`, which is when the promise resolves. */
  async start(bootMs = 0): Promise<void> {
    const child = spawn(process.execPath, [PROGRAM], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { ...process.env, COMPONENT_ID: this.id, PORT: String(this.port), BOOT_MS: String(bootMs) },
    });
    this.#child = child;
    this.spawnedAt = Date.now();
    await Promise.race([once(child, 'message'), once(child, 'exit')]);
    // Nothing more is said over the channel; it stays open so that the process notices our end.
    child.channel?.unref();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Kills the process if there still is one and starts anew; resolves once it is spawned, not booted. */
  async restart(bootMs: number): Promise<void> {
    await this.#end();
    if (this.#isDisposed) return;
    this.restarts += 1;
    // A process that dies while booting is for the coordinator to notice.
    void this.start(bootMs);
  }

  /** Ends the process for good. SIGKILL, because a frozen one takes nothing else. */
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
