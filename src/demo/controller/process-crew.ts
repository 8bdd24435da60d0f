/** All processes of a controller: those of its file, and those that were added by `scale_up`. */
import { join } from 'node:path';
import { freePort } from '../../dev/free-port.ts';
import type { ControllerConfig, ProcessConfig } from './controller-config.ts';
import type { Accepted, Journal } from './journal.ts';
import { ManagedProcess } from './managed-process.ts';

interface Hand {
  readonly config: ProcessConfig;
  readonly process: ManagedProcess;
  readonly port: number;
}

export class ProcessCrew {
  readonly #config: ControllerConfig;
  readonly #journal: Journal;
  readonly #hands = new Map<string, Hand>();

  constructor(config: ControllerConfig, journal: Journal) {
    this.#config = config;
    this.#journal = journal;
  }

  /** Starts all of them. What was accepted before a kill and not done is done by that. */
  async start(): Promise<void> {
    for (const config of this.#config.processes) {
      await this.#add(config.id, config);
      for (const order of this.#journal.acceptedFor(config.id, 'scale_up'))
        await this.#add(this.#nameOf(order), config);
    }
    for (const order of this.#journal.owed()) this.#journal.done(order);
  }

  actionsOf(id: string): string[] | undefined {
    const hand = this.#hands.get(id);
    if (!hand) return undefined;
    const { config } = hand;
    const added = this.#journal.acceptedFor(config.id, 'scale_up').length;
    // Those that were added are scaled by the one they were made after.
    return id === config.id && added + 1 < config.most ? ['restart', 'scale_up'] : ['restart'];
  }

  async carryOut(order: Accepted): Promise<void> {
    const hand = this.#hands.get(order.id);
    if (!hand) return;
    if (order.action === 'restart') return hand.process.restart();
    return this.#add(this.#nameOf(order), hand.config);
  }

  report(): { processes: object[]; restartsByKey: Record<string, number> } {
    const processes = Array.from(this.#hands.values(), ({ process, port }) => {
      const { id, pid, startedAt, restarts } = process;
      return { id, pid, port, startedAt, restarts };
    });
    const restarts = this.#config.processes
      .flatMap(({ id }) => [id, ...this.#hands.keys()].filter((name, at) => at === 0 || name.startsWith(`${id}-`)))
      .flatMap((id) => this.#journal.acceptedFor(id, 'restart'));
    const restartsByKey = Object.fromEntries(restarts.map(({ key }) => [key, this.#journal.timesDone(key)]));
    return { processes, restartsByKey };
  }

  async stop(): Promise<void> {
    await Promise.all(Array.from(this.#hands.values(), ({ process }) => process.dispose()));
  }

  /** By its place among those that were added: the same one after a restart. */
  #nameOf({ id, key }: Accepted): string {
    const place = this.#journal.acceptedFor(id, 'scale_up').findIndex((order) => order.key === key);
    return `${id}-${place + 2}`;
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
    this.#hands.set(id, { config, process, port });
    await process.start();
  }
}
