/**
 * Endpoint selection of moleculer, by its installed code. A broker knows remote nodes that offer one action, each with
 * its load. Its `call` uses `EndpointList.next()`, which filters the available endpoints and applies CpuUsage. The
 * strategy picks the least busy of three random ones, or the first below 10 %. Only the selection is measured, not the
 * context or the sending of a call.
 *
 * @see https://moleculer.services/docs/0.15/balancing#CPU-usage-based-strategy
 */
import type { Candidate } from '../../../src/core/balancing/candidate.ts';
import { loadMoleculer } from './load-moleculer.ts';

const SERVICE = 'router';
const ACTION = 'router.work';

/** Returns a function that chooses one of the candidates and returns its node id. */
export function moleculerSelection(candidates: readonly Candidate[]): () => string {
  const { ServiceBroker } = loadMoleculer();
  const { registry } = new ServiceBroker({ nodeID: 'caller', logger: false, registry: { strategy: 'CpuUsage' } });
  for (const { id, liveStats } of candidates) {
    const services = [{ name: SERVICE, actions: { [ACTION]: { name: ACTION } }, events: {} }];
    registry.processNodeInfo({ sender: id, instanceID: id, seq: 1, metadata: {}, services });
    registry.nodes.get(id).heartbeat({ cpu: liveStats.loadPercentage, cpuSeq: 1 });
  }
  const endpoints = registry.getActionEndpoints(ACTION);
  if (endpoints.count() !== candidates.length) throw new Error('moleculer must know all candidates');
  return () => endpoints.next(undefined as never)!.id;
}
