/** Initial state of a coordinator before a measurement. */
export const ADMIN_KEY = 'bench-admin-key-of-forty-characters-long';
const AT_ONCE = 10;
const BEATS_AT_ONCE = 500;
/** Longer than any bench, because no component sends heartbeats. */
const TTL_MS = 600_000;

/** Sends a document as the administrator. Throws if refused. */
export async function send(method: 'POST' | 'PUT', url: string, body: unknown): Promise<unknown> {
  const headers = { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' };
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status} ${text}`);
  return text === '' ? null : JSON.parse(text);
}

const post = (url: string, body: unknown): Promise<unknown> => send('POST', url, body);

/** Registers healthy components of one type without health checks. */
export async function seedComponents(url: string, count: number, type = 'task_router'): Promise<void> {
  for (let first = 0; first < count; first += AT_ONCE) {
    const ids = Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, at) => `${type}-${first + at}`);
    await Promise.all(ids.map((id) => post(`${url}/v1/components`, registrationOf(id, type))));
  }
  const beats = Array.from({ length: count }, (_, at) => ({ id: `${type}-${at}` }));
  for (let first = 0; first < count; first += BEATS_AT_ONCE)
    await post(`${url}/v1/heartbeats`, { heartbeats: beats.slice(first, first + BEATS_AT_ONCE) });
}

export async function makeKey(url: string, scopes: readonly string[]): Promise<string> {
  const made = await post(`${url}/v1/keys`, { name: 'bench', scopes });
  return (made as { readonly key: string }).key;
}

const registrationOf = (id: string, type: string) => ({
  id,
  name: id,
  type,
  endpoint: `https://bench.example.com/${id}`,
  heartbeat: { ttl: TTL_MS },
  capabilities: { maxConcurrentTasks: 50, supportedTaskTypes: ['code-review'] },
  metadata: { version: '1.0.0', location: 'weur' },
});
