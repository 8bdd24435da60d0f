/** The three ways in which the demo breaks a component. */
import type { ComponentHandle } from './component-handle.ts';

export interface Fault {
  readonly kind: 'kill' | 'freeze' | '503';
  readonly componentId: string;
  readonly title: string;
  /** Target for leaving routing, ms after the fault. */
  readonly outOfRoutingMs: number;
}

/** One fault of each kind, on three components of different types. */
export const FAULTS: readonly Fault[] = [
  { kind: 'kill', componentId: 'demo-task-router-2', title: 'killed (SIGKILL)', outOfRoutingMs: 6_000 },
  { kind: 'freeze', componentId: 'demo-caws-validator-2', title: 'frozen (SIGSTOP)', outOfRoutingMs: 9_000 },
  { kind: '503', componentId: 'demo-task-orchestrator-2', title: 'returns 503', outOfRoutingMs: 6_000 },
];

/** Breaks the component and returns the time of the fault, epoch ms. */
export async function inject(fault: Fault, component: ComponentHandle): Promise<number> {
  const at = Date.now();
  switch (fault.kind) {
    case 'kill':
      component.signal('SIGKILL');
      return at;
    case 'freeze':
      component.signal('SIGSTOP');
      return at;
    case '503':
      await (await fetch(`${component.url}/fault`, { method: 'POST', body: '{"mode":"503"}' })).text();
      return at;
    default:
      return fault.kind satisfies never;
  }
}
