/** What a coordinator must hold before it is measured. */
export const ADMIN_KEY = 'bench-admin-key-of-forty-characters-long';
const AT_ONCE = 10;
/** Longer than any bench: nobody beats meanwhile. */
const TTL_MS = 600_000;

const post = async (url: string, body: unknown): Promise<unknown> => {
  const headers = { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status} ${text}`);
  return text === '' ? null : JSON.parse(text);
};

/** Healthy components of one type that are not checked. */
export async function seedComponents(url: string, count: number): Promise<void> {
  for (let first = 0; first < count; first += AT_ONCE) {
    const ids = Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, at) => `bench-${first + at}`);
    await Promise.all(ids.map((id) => post(`${url}/v1/components`, registrationOf(id))));
  }
  const beats = Array.from({ length: count }, (_, at) => ({ id: `bench-${at}` }));
  for (let first = 0; first < count; first += 500)
    await fetch(`${url}/v1/heartbeats`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ heartbeats: beats.slice(first, first + 500) }),
    });
}

export async function makeKey(url: string, scopes: readonly string[]): Promise<string> {
  const made = await post(`${url}/v1/keys`, { name: 'bench', scopes });
  return (made as { readonly key: string }).key;
}

const registrationOf = (id: string) => ({
  id,
  name: id,
  type: 'task_router',
  endpoint: `https://bench.example.com/${id}`,
  heartbeat: { ttl: TTL_MS },
  capabilities: { maxConcurrentTasks: 50, supportedTaskTypes: ['code-review'] },
  metadata: { version: '1.0.0', location: 'weur' },
});
