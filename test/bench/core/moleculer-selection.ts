/**
 * What moleculer does for each call to find out whom to call, by its own code and as installed: a broker that knows of
 * remote nodes which offer one action, each with its load, and `EndpointList.next()`, which its `call` asks for the
 * action's next endpoint. It filters those available and has the strategy CpuUsage choose: three at random, the least
 * busy of them, or the first below 10 %. Creating the call's context, sending it, and all else are not measured.
 *
 * @see https://moleculer.services/docs/0.15/balancing#CPU-usage-based-strategy
 */
import { ServiceBroker } from 'moleculer';
import type { Candidate } from '../../../src/core/balancing/candidate.ts';

const SERVICE = 'router';
const ACTION = 'router.work';

/** Chooses one of these: the id of its node. */
export function moleculerSelection(candidates: readonly Candidate[]): () => string {
  const { registry } = new ServiceBroker({ nodeID: 'caller', logger: false, registry: { strategy: 'CpuUsage' } });
  for (const { id, vitals } of candidates) {
    const services = [{ name: SERVICE, actions: { [ACTION]: { name: ACTION } }, events: {} }];
    registry.processNodeInfo({ sender: id, instanceID: id, seq: 1, metadata: {}, services });
    registry.nodes.get(id).heartbeat({ cpu: vitals.loadPercentage, cpuSeq: 1 });
  }
  const endpoints = registry.getActionEndpoints(ACTION);
  if (endpoints.count() !== candidates.length) throw new Error('moleculer must know of all');
  return () => endpoints.next(undefined as never)!.id;
}
