/** All processes of a controller: those of its configuration file and those added by `scale_up`. */
import { join } from 'node:path';
import { freePort } from '../../dev/free-port.ts';
import type { ControllerConfig, ProcessConfig } from './controller-config.ts';
import type { AcceptedAction, Journal } from './journal.ts';
import { ManagedProcess } from './managed-process.ts';

interface ManagedComponent {
  readonly config: ProcessConfig;
  readonly process: ManagedProcess;
  readonly port: number;
}

export class ProcessCrew {
  readonly #config: ControllerConfig;
  readonly #journal: Journal;
  readonly #components = new Map<string, ManagedComponent>();

  constructor(config: ControllerConfig, journal: Journal) {
    this.#config = config;
    this.#journal = journal;
  }

  /** Starts all processes, which also completes every action that was pending when the controller was killed. */
  async start(): Promise<void> {
    for (const config of this.#config.processes) {
      await this.#add(config.id, config);
      for (const accepted of this.#journal.acceptedFor(config.id, 'scale_up'))
        await this.#add(this.#nameOf(accepted), config);
    }
    for (const accepted of this.#journal.pending()) this.#journal.done(accepted);
  }

  actionsOf(id: string): string[] | undefined {
    const component = this.#components.get(id);
    if (!component) return undefined;
    const { config } = component;
    const added = this.#journal.acceptedFor(config.id, 'scale_up').length;
    // Only the process of the configuration file scales up, not its copies.
    return id === config.id && added + 1 < config.most ? ['restart', 'scale_up'] : ['restart'];
  }

  async execute(accepted: AcceptedAction): Promise<void> {
    const component = this.#components.get(accepted.id);
    if (!component) return;
    if (accepted.action === 'restart') return component.process.restart();
    return this.#add(this.#nameOf(accepted), component.config);
  }

  report(): { processes: object[]; restartsByKey: Record<string, number> } {
    const processes = Array.from(this.#components.values(), ({ process, port }) => {
      const { id, pid, startedAt, restarts } = process;
      return { id, pid, port, startedAt, restarts };
    });
    const restarts = this.#config.processes
      .flatMap(({ id }) => [id, ...this.#components.keys()].filter((name, at) => at === 0 || name.startsWith(`${id}-`)))
      .flatMap((id) => this.#journal.acceptedFor(id, 'restart'));
    const restartsByKey = Object.fromEntries(restarts.map(({ key }) => [key, this.#journal.timesDone(key)]));
    return { processes, restartsByKey };
  }

  async stop(): Promise<void> {
    await Promise.all(Array.from(this.#components.values(), ({ process }) => process.dispose()));
  }

  /** Numbers the process by its position among the journal's scale-ups, so the name survives a restart. */
  #nameOf({ id, key }: AcceptedAction): string {
    const position = this.#journal.acceptedFor(id, 'scale_up').findIndex((accepted) => accepted.key === key);
    return `${id}-${position + 2}`;
  }

  async #add(id: string, config: ProcessConfig): Promise<void> {
    const port = id === config.id && config.port !== undefined ? config.port : await freePort();
    const registration = config.registration && JSON.stringify(config.registration).replaceAll('{id}', id);
    const env = {
      ...config.env,
      COMPONENT_ID: id,
      PORT: String(port),
      ...(registration ? { REGISTRATION: registration.replaceAll('{port}', String(port)) } : {}),
    };
    const { command, cwd, stopMs } = config;
    const pidFile = join(this.#config.state, `${id}.pid`);
    const process = new ManagedProcess({ id, command, cwd, stopMs, env, pidFile });
    this.#components.set(id, { config, process, port });
    await process.start();
  }
}
