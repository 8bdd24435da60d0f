import { beforeAll, describe, expect, it } from 'vitest';
import { call } from '../../support/coordinator-http.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const MIB = 1_048_576;
/** What one item more, and all around the items, may add to a page. */
const SLACK = 32_768;
const COUNTS = { agent_registry: 40, task_router: 100, caws_validator: 20, task_orchestrator: 30 };

const idsOf = (type: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${type.replaceAll('_', '-')}-${String(at).padStart(3, '0')}`);

/** As large as a registration can be, but for a few bytes. */
const largeRegistration = (id: string, type: string) =>
  silentRegistration(id, {
    type,
    metadata: { note: 'x'.repeat(8_000) },
    capabilities: { supportedTaskTypes: Array.from({ length: 60 }, (_, at) => `${at}-`.padEnd(64, 'é')) },
  });

const bytesOf = (body: unknown): number => new TextEncoder().encode(JSON.stringify(body)).length;

/** The pages of a list, each with its size. */
async function pagesOf(path: string): Promise<{ items: { id: string; type: string }[]; bytes: number }[]> {
  const pages = [];
  for (let cursor = ''; ;) {
    const { status, body } = await call('GET', `${path}${cursor}`);
    expect(status).toBe(200);
    pages.push({ items: body.items, bytes: bytesOf(body) });
    if (body.nextCursor === null) return pages;
    cursor = `&cursor=${encodeURIComponent(body.nextCursor)}`;
  }
}

const everyone = Object.entries(COUNTS).flatMap(([type, count]) => idsOf(type, count));

beforeAll(async () => {
  for (const [type, count] of Object.entries(COUNTS))
    for (const id of idsOf(type, count))
      expect((await call('POST', '/v1/components', largeRegistration(id, type))).status).toBe(201);
}, 60_000);

describe('a list of large components', () => {
  it.each([500, 90, 7])('by %i shows each exactly once, on pages of 1 MiB at most', async (limit) => {
    const pages = await pagesOf(`/v1/components?limit=${limit}`);
    const seen = pages.flatMap(({ items }) => items.map(({ id }) => id));
    expect(seen.toSorted()).toEqual(everyone.toSorted());
    for (const { items, bytes } of pages) {
      expect(bytes).toBeLessThanOrEqual(MIB + SLACK);
      expect(items.length).toBeLessThanOrEqual(limit);
      expect(items.length).toBeGreaterThan(0);
    }
    // Pages are filled over the borders of the types.
    if (limit === 500) for (const { bytes } of pages.slice(0, -1)) expect(bytes).toBeGreaterThan(MIB - SLACK);
  });

  it('of one type does the same', async () => {
    const pages = await pagesOf('/v1/components?limit=500&type=task_router');
    expect(pages.flatMap(({ items }) => items.map(({ id }) => id))).toEqual(idsOf('task_router', COUNTS.task_router));
    expect(Math.max(...pages.map(({ bytes }) => bytes))).toBeLessThanOrEqual(MIB + SLACK);
  });
});

describe('the log of large components', () => {
  it('is read without a gap, on pages of 1 MiB at most', async () => {
    const sequences: number[] = [];
    for (let after = '0'; ;) {
      const { body } = await call('GET', `/v1/events?limit=1000&after=${after}`);
      expect(bytesOf(body)).toBeLessThanOrEqual(MIB + SLACK);
      if (body.items.length === 0) break;
      sequences.push(...body.items.map(({ sequence }: { sequence: string }) => Number(sequence)));
      after = body.nextCursor;
    }
    expect(sequences.length).toBeGreaterThanOrEqual(everyone.length);
    expect(sequences).toEqual(sequences.map((_, at) => at + 1));
  });

  it('shows of its end as much as fits', async () => {
    const { body } = await call('GET', '/v1/events?limit=1000');
    expect(bytesOf(body)).toBeLessThanOrEqual(MIB + SLACK);
    const last = await call('GET', '/v1/events?limit=1');
    expect(body.items.at(-1)).toEqual(last.body.items[0]);
    expect(body.items.length).toBeGreaterThan(20);
  });
});
