import { beforeAll, describe, expect, it } from 'vitest';
import { call } from '../../support/coordinator-http.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const MIB = 1_048_576;
/** Allowance for one more item and for the JSON around the items, in bytes. */
const SLACK = 32_768;
const COUNTS = { agent_registry: 40, task_router: 100, caws_validator: 20, task_orchestrator: 30 };

const idsOf = (type: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${type.replaceAll('_', '-')}-${String(at).padStart(3, '0')}`);

/** A registration close to the size limit. */
const largeRegistration = (id: string, type: string) =>
  silentRegistration(id, {
    type,
    metadata: { note: 'x'.repeat(8_000) },
    capabilities: { supportedTaskTypes: Array.from({ length: 60 }, (_, at) => `${at}-`.padEnd(64, 'é')) },
  });

const bytesOf = (body: unknown): number => new TextEncoder().encode(JSON.stringify(body)).length;

/** The pages of a list, each with its size in bytes. */
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

const allIds = Object.entries(COUNTS).flatMap(([type, count]) => idsOf(type, count));

beforeAll(async () => {
  for (const [type, count] of Object.entries(COUNTS))
    for (const id of idsOf(type, count))
      expect((await call('POST', '/v1/components', largeRegistration(id, type))).status).toBe(201);
}, 60_000);

describe('a list of large components', () => {
  it.each([500, 90, 7])('with limit %i shows each exactly once, on pages of 1 MiB at most', async (limit) => {
    const pages = await pagesOf(`/v1/components?limit=${limit}`);
    const seen = pages.flatMap(({ items }) => items.map(({ id }) => id));
    expect(seen.toSorted()).toEqual(allIds.toSorted());
    for (const { items, bytes } of pages) {
      expect(bytes).toBeLessThanOrEqual(MIB + SLACK);
      expect(items.length).toBeLessThanOrEqual(limit);
      expect(items.length).toBeGreaterThan(0);
    }
    // A page is filled across types.
    if (limit === 500) for (const { bytes } of pages.slice(0, -1)) expect(bytes).toBeGreaterThan(MIB - SLACK);
  });

  it('of one type shows each exactly once too', async () => {
    const pages = await pagesOf('/v1/components?limit=500&type=task_router');
    expect(pages.flatMap(({ items }) => items.map(({ id }) => id))).toEqual(idsOf('task_router', COUNTS.task_router));
    expect(Math.max(...pages.map(({ bytes }) => bytes))).toBeLessThanOrEqual(MIB + SLACK);
  });
});

describe('the event log of large components', () => {
  it('is returned without a gap, on pages of 1 MiB at most', async () => {
    const sequences: number[] = [];
    for (let after = '0'; ;) {
      const { body } = await call('GET', `/v1/events?limit=1000&after=${after}`);
      expect(bytesOf(body)).toBeLessThanOrEqual(MIB + SLACK);
      if (body.items.length === 0) break;
      sequences.push(...body.items.map(({ sequence }: { sequence: string }) => Number(sequence)));
      after = body.nextCursor;
    }
    expect(sequences.length).toBeGreaterThanOrEqual(allIds.length);
    expect(sequences).toEqual(sequences.map((_, at) => at + 1));
  });

  it('is returned from its end as far as it fits', async () => {
    const { body } = await call('GET', '/v1/events?limit=1000');
    expect(bytesOf(body)).toBeLessThanOrEqual(MIB + SLACK);
    const last = await call('GET', '/v1/events?limit=1');
    expect(body.items.at(-1)).toEqual(last.body.items[0]);
    expect(body.items.length).toBeGreaterThan(20);
  });
});
