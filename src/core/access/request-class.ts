/**
 * What kind of work a call of the API is, by its method and path alone, so that a route added later falls
 * into a sensible class by itself. Limits and shedding go by it: lists are let go first, traffic last.
 */
export const REQUEST_CLASSES = ['list', 'lookup', 'change', 'traffic'] as const;

/**
 * - `list`: reads a collection (`GET /v1/components`).
 * - `lookup`: any other read.
 * - `change`: a registration or any other write.
 * - `traffic`: what the fleet does all the time, and stands still without: routes, heartbeats, leases, outcomes.
 */
export type RequestClass = (typeof REQUEST_CLASSES)[number];

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);
const TRAFFIC = new Set(['route', 'heartbeat', 'heartbeats', 'lease', 'leases', 'outcome', 'outcomes']);
/** One document each, though their paths have no id. */
const SINGLE = new Set(['health', 'session', 'config']);

export function requestClass(method: string, path: string): RequestClass {
  // What is asked most by far.
  if (path === '/v1/route') return READS.has(method) ? 'list' : 'traffic';
  // `/v1/components/a/heartbeat`: collection, id, what is done with it.
  const [collection = '', id = '', ...rest] = path.split('/').slice(2);
  if (READS.has(method)) return id === '' && !SINGLE.has(collection) ? 'list' : 'lookup';
  // Not the id: a component may be called "route".
  return TRAFFIC.has(collection) || rest.some((segment) => TRAFFIC.has(segment)) ? 'traffic' : 'change';
}
