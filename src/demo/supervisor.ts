/** The control endpoint of all demo components: the example controller on the demo's own processes. */
import type { ComponentHandle } from './component-handle.ts';
import { ControlServer } from './controller/control-server.ts';
import { Journal } from './controller/journal.ts';

const RESTART_BOOT_MS = 2_000;
const ACTIONS: readonly string[] = ['restart'];

export class Supervisor {
  readonly #server: ControlServer;
  readonly #port: number;
  /** By component id. */
  readonly #secrets = new Map<string, string>();

  constructor(components: readonly ComponentHandle[], port: number) {
    const known = new Map(components.map((component) => [component.id, component]));
    this.#port = port;
    this.#server = new ControlServer({
      port,
      // In memory: the processes end with the supervisor, so nothing must survive it.
      journal: new Journal(null),
      secretsOf: (id) => [this.#secrets.get(id ?? '') ?? []].flat(),
      actionsOf: (id) => (known.has(id) ? ACTIONS : undefined),
      execute: async ({ id }) => known.get(id)?.restart(RESTART_BOOT_MS),
      report: () => ({ processes: components.map(({ id, pid, restarts }) => ({ id, pid: pid ?? null, restarts })) }),
    });
  }

  listen(): Promise<void> {
    return this.#server.listen();
  }

  controlUrl(componentId: string): string {
    return `http://127.0.0.1:${this.#port}/control/${componentId}`;
  }

  /** From now on accepts control calls for the component that are signed with `secret`. */
  trust(componentId: string, secret: string): void {
    this.#secrets.set(componentId, secret);
  }

  close(): void {
    this.#server.close();
  }
}
