/** The demo's components as processes: starts, registers, awaits as healthy, deregisters and ends them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CoordinatorClient } from '../client/coordinator-client.ts';
import { freePort } from '../dev/free-port.ts';
import { ComponentHandle } from './component-handle.ts';
import { DEMO_CAPABILITY, FLEET_PLAN, registrationOf } from './fleet-plan.ts';
import { Supervisor } from './supervisor.ts';

const HEALTHY_WITHIN_MS = 30_000;
const POLL_MS = 200;

export class Fleet {
  readonly components: readonly ComponentHandle[];
  readonly #supervisor: Supervisor;
  readonly #registered: string[] = [];

  private constructor(components: readonly ComponentHandle[], supervisor: Supervisor) {
    this.components = components;
    this.#supervisor = supervisor;
  }

  static async create(): Promise<Fleet> {
    const uniquePorts = new Set<number>();
    while (uniquePorts.size < FLEET_PLAN.length + 1) uniquePorts.add(await freePort());
    const [supervisorPort = 0, ...ports] = uniquePorts;
    const components = FLEET_PLAN.map(({ id }, index) => new ComponentHandle(id, ports[index] ?? 0));
    return new Fleet(components, new Supervisor(components, supervisorPort));
  }

  async start(): Promise<void> {
    await this.#supervisor.listen();
    await Promise.all(this.components.map((component) => component.start()));
  }

  /** Registers in the order of the plan, dependencies first. */
  async register(client: CoordinatorClient): Promise<void> {
    for (const planned of FLEET_PLAN) {
      const { url } = this.get(planned.id);
      await client.register(registrationOf(planned, url, this.#supervisor.controlUrl(planned.id)));
      this.#registered.push(planned.id);
      const { secret } = await client.controlSecret(planned.id);
      this.#supervisor.trust(planned.id, secret);
    }
  }

  /** Resolves when the coordinator reports every component as healthy; throws with the ids of the others. */
  async untilHealthy(client: CoordinatorClient): Promise<void> {
    const deadline = Date.now() + HEALTHY_WITHIN_MS;
    let missing: string[] = [];
    while (Date.now() < deadline) {
      const { items } = await client.components({ limit: 500, capability: DEMO_CAPABILITY });
      const healthy = new Set(items.filter(({ health }) => health.status === 'healthy').map(({ id }) => id));
      missing = this.components.map(({ id }) => id).filter((id) => !healthy.has(id));
      if (missing.length === 0) return;
      await sleep(POLL_MS);
    }
    throw new Error(`not healthy after ${HEALTHY_WITHIN_MS / 1_000} s: ${missing.join(', ')}`);
  }

  get(id: string): ComponentHandle {
    const component = this.components.find((candidate) => candidate.id === id);
    if (!component) throw new Error(`${id} is not part of the demo`);
    return component;
  }

  /** Deregisters the components, dependants first, from a coordinator that outlives the demo. */
  async deregister(client: CoordinatorClient): Promise<void> {
    for (const id of this.#registered.splice(0).toReversed()) await client.deregister(id);
  }

  async dispose(): Promise<void> {
    this.#supervisor.close();
    await Promise.all(this.components.map((component) => component.dispose()));
  }
}
