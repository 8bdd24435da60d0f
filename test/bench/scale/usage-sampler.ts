/** Samples the memory of the coordinator's processes, and the connections of the components, twice a second. */
import { readFileSync, readdirSync } from 'node:fs';
import type { FleetServer } from './fleet-server.ts';

const INTERVAL_MS = 500;
const KIB_PER_MIB = 1_024;

export class UsageSampler {
  readonly #timer: NodeJS.Timeout;
  readonly #processGroup: number;
  readonly #fleet: FleetServer;
  readonly #firstMib: number;
  #peakMib: number;
  #connections = 0;

  constructor(processGroup: number, fleet: FleetServer) {
    this.#processGroup = processGroup;
    this.#fleet = fleet;
    this.#firstMib = this.#peakMib = runtimeMib(processGroup);
    this.#timer = setInterval(() => void this.#sample(), INTERVAL_MS);
  }

  /** Memory at the start and at its peak, MiB; the most open connections at once. */
  stop(): { readonly firstMib: number; readonly peakMib: number; readonly connections: number } {
    clearInterval(this.#timer);
    return { firstMib: this.#firstMib, peakMib: this.#peakMib, connections: this.#connections };
  }

  async #sample(): Promise<void> {
    this.#peakMib = Math.max(this.#peakMib, runtimeMib(this.#processGroup));
    this.#connections = Math.max(this.#connections, await this.#fleet.openConnections());
  }
}

/** Resident memory of the workerd processes of this process group, MiB. Linux only. */
function runtimeMib(processGroup: number): number {
  let kib = 0;
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      const [, name, rest = ''] = /^\d+ \((.*)\) (.*)$/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
      if (name !== 'workerd' || Number(rest.split(' ')[2]) !== processGroup) continue;
      kib += Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
    } catch {
      // The process has ended meanwhile.
    }
  }
  return kib / KIB_PER_MIB;
}
