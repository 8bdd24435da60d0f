import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { FailureStatsSchema } from '../../src/api/schemas/failure.ts';
import { appendFailures } from '../../src/history/failure-history.ts';
import { call, freshId } from '../support/coordinator-http.ts';
import { expectProblem } from '../support/expect-problem.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 3, 1, 10);
const [one, two] = [freshId('one'), freshId('two')];

const failure = (id: string, componentId: string, at: number, source: 'check' | 'report' = 'check') => ({
  id: `f-${componentId}-${id}`,
  componentId,
  componentType: componentId === one ? 'stats_one' : 'stats_two',
  source,
  code: null,
  message: 'it failed',
  context: null,
  occurredAt: at,
});

beforeAll(async () => {
  const written = [
    [failure('a', one, START), 'timeout_failure'],
    [failure('b', one, START + 1), 'connection_failure'],
    [failure('c', one, START + 2 * HOUR + 5, 'report'), 'timeout_failure'],
    [failure('d', two, START + HOUR - 1), 'timeout_failure'],
    [failure('e', two, START + 3 * HOUR), 'internal_error'],
  ] as const;
  await appendFailures(
    env.HISTORY,
    written.map(([report, failureType]) => ({ report, failureType })),
  );
});

const period = (since: number, until: number) =>
  `since=${new Date(since).toISOString()}&until=${new Date(until).toISOString()}`;
const stats = (query: string) => call('GET', `/v1/failures/stats?${query}`);
const listed = async (query: string): Promise<string[]> =>
  (await call('GET', `/v1/failures?${query}`)).body.items.map((item: { id: string }) => item.id.split('-').at(-1));

describe('failure statistics', () => {
  it('have a bucket for every hour, also without failures', async () => {
    const { body } = await stats(`bucket=hour&${period(START, START + 4 * HOUR)}`);
    expect(FailureStatsSchema.parse(body)).toEqual(body);
    expect(body).toMatchObject({
      totalFailures: 5,
      byComponent: { [one]: 3, [two]: 2 },
      byType: { stats_one: 3, stats_two: 2 },
      byFailureType: { timeout_failure: 3, connection_failure: 1, internal_error: 1 },
    });
    expect(body.buckets).toEqual([
      { start: '2026-04-01T10:00:00.000Z', failures: 3, byFailureType: { timeout_failure: 2, connection_failure: 1 } },
      { start: '2026-04-01T11:00:00.000Z', failures: 0, byFailureType: {} },
      { start: '2026-04-01T12:00:00.000Z', failures: 1, byFailureType: { timeout_failure: 1 } },
      { start: '2026-04-01T13:00:00.000Z', failures: 1, byFailureType: { internal_error: 1 } },
    ]);
  });

  it.each([
    ['componentType=stats_two', [1, 0, 0, 1]],
    ['failureType=timeout_failure', [2, 0, 1, 0]],
    ['source=report', [0, 0, 1, 0]],
    ['source=heartbeat', [0, 0, 0, 0]],
  ])('can be filtered by %s', async (filter, expected) => {
    const { body } = await stats(`bucket=hour&${period(START, START + 4 * HOUR)}&${filter}`);
    expect(body.buckets.map((bucket: { failures: number }) => bucket.failures)).toEqual(expected);
    expect(body.totalFailures).toBe(expected.reduce((sum, each) => sum + each));
  });

  it('count the failures of the last hour apart from the failure window', async () => {
    const id = freshId('hour');
    const now = Date.now();
    const written = [now - 2 * HOUR, now - HOUR / 2, now - 1_000];
    await appendFailures(
      env.HISTORY,
      written.map((at) => ({ report: failure(String(at), id, at), failureType: 'timeout_failure' as const })),
    );
    const { body } = await stats(`componentId=${id}`);
    expect(body).toMatchObject({ totalFailures: 3, recentFailures: 1, failuresLastHour: 2 });
    expect(FailureStatsSchema.parse(body)).toEqual(body);
  });

  it('without buckets have totals only, and are refused with too many buckets', async () => {
    expect((await stats(`componentId=${one}`)).body).toMatchObject({ totalFailures: 3, buckets: [] });
    const now = (await stats('bucket=day')).body;
    expect(now.buckets).toHaveLength(30);
    const response = await stats(`bucket=minute&${period(START, START + 9 * HOUR)}`);
    expectProblem(response, 422, 'invalid-request');
    expect(response.body.errors).toEqual([{ path: 'since', message: expect.stringContaining('at most 500 buckets') }]);
    expectProblem(await stats('bucket=week'), 422, 'invalid-request');
    expectProblem(await stats('bucket=day&since=yesterday'), 422, 'invalid-request');
  });
});

describe('the list of failures', () => {
  it.each([
    [`componentId=${one}&source=report`, ['c']],
    [`componentId=${one}&${period(START, START + 1)}`, ['a']],
    [`componentId=${one}&${period(START + 1, START + 3 * HOUR)}`, ['c', 'b']],
    ['componentType=stats_two&failureType=internal_error', ['e']],
  ])('can be filtered by %s', async (query, expected) => {
    expect(await listed(query)).toEqual(expected);
  });

  it('continues from its cursor within a period', async () => {
    const query = `componentType=stats_one&${period(START, START + HOUR)}&limit=1`;
    const first = await call('GET', `/v1/failures?${query}`);
    expect(first.body.items).toMatchObject([{ componentId: one, failureType: 'connection_failure' }]);
    const second = await call('GET', `/v1/failures?${query}&cursor=${first.body.nextCursor}`);
    expect(second.body).toMatchObject({ items: [{ failureType: 'timeout_failure' }], nextCursor: null });
  });
});

describe('the indexes of failures', () => {
  it.each([
    ['the count against the threshold', 'SELECT COUNT(*) FROM failures WHERE component_id = ? AND occurred_at > ?'],
    ['one component', 'SELECT * FROM failures WHERE component_id = ? ORDER BY occurred_at DESC, id DESC LIMIT 9'],
    ['one type', 'SELECT * FROM failures WHERE component_type = ? ORDER BY occurred_at DESC, id DESC LIMIT 9'],
    [
      'all failures from a position on',
      'SELECT * FROM failures WHERE (occurred_at, id) < (?, ?) ORDER BY occurred_at DESC, id DESC LIMIT 9',
    ],
    [
      'buckets',
      'SELECT occurred_at / 9, failure_type, COUNT(*) FROM failures WHERE occurred_at >= ? AND occurred_at < ? GROUP BY 1, 2',
    ],
    ['retention', 'SELECT id FROM failures WHERE occurred_at < ? LIMIT 9'],
  ])('serve %s', async (_, sql) => {
    const values = Array.from(sql.matchAll(/\?/g), () => 1);
    const { results } = await env.HISTORY.prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .bind(...values)
      .all<{ detail: string }>();
    expect(results[0]!.detail).toMatch(/^SEARCH failures USING (COVERING )?INDEX failures_by_/);
  });
});
