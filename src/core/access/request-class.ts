/**
 * Classification of API calls by method and path alone, so that a new route falls into a sensible class. Rate limits
 * and load shedding use the class: lists are refused first, traffic last.
 */
export const REQUEST_CLASSES = ['list', 'lookup', 'change', 'traffic'] as const;

/**
 * - `list`: reads a collection (`GET /v1/components`).
 * - `lookup`: any other read.
 * - `change`: a registration or any other write.
 * - `traffic`: routing calls, heartbeats, leases and outcomes. Components call these constantly and depend on them.
 */
export type RequestClass = (typeof REQUEST_CLASSES)[number];

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);
const TRAFFIC = new Set(['route', 'heartbeat', 'heartbeats', 'lease', 'leases', 'outcome', 'outcomes']);
/** Single documents, although their paths have no id. */
const SINGLE = new Set(['health', 'session', 'config']);

const WAITING = /^\/v1\/(?:components\/[^/]+\/(?:probe|actions)|webhooks\/[^/]+\/test)$/;

/** Whether a call waits for something outside: a health check, a control call, a receiver of webhooks. */
export const waitsOutside = (method: string, path: string): boolean => method === 'POST' && WAITING.test(path);

export function requestClass(method: string, path: string): RequestClass {
  // Shortcut for the most frequent call by far.
  if (path === '/v1/route') return READS.has(method) ? 'list' : 'traffic';
  // `/v1/components/a/heartbeat`: collection, id, operation.
  const [collection = '', id = '', ...rest] = path.split('/').slice(2);
  if (READS.has(method)) return id === '' && !SINGLE.has(collection) ? 'list' : 'lookup';
  // The id is not compared: a component may be named "route".
  return TRAFFIC.has(collection) || rest.some((part) => TRAFFIC.has(part)) ? 'traffic' : 'change';
}
