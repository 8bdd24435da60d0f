import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { raiseIncident } from '../../../src/recovery/report-incident.ts';
import { call, freshId } from '../../support/coordinator-http.ts';
import { expectProblem } from '../../support/expect-problem.ts';

const DAY_MS = 86_400_000;

const until = (ms: number): string => new Date(Date.now() + ms).toISOString();

async function openAbout(componentId: string): Promise<void> {
  const order = {
    recoveryId: `r-${crypto.randomUUID().replaceAll('-', '')}`,
    componentId,
    componentType: 'task_router',
    failureType: 'timeout_failure' as const,
    failureId: `f-${freshId()}`,
    reason: 'TIMEOUT',
    startedAt: Date.now(),
    deadline: Date.now() + 60_000,
  };
  await raiseIncident(env, order, { severity: 'critical', summary: 'nothing helped' });
}

const shown = async (componentId: string) =>
  (await call('GET', `/v1/incidents?componentId=${componentId}`)).body.items[0];

describe('a silence', () => {
  it('is shown on the incidents it mutes, is listed, and ends when it is deleted', async () => {
    const id = freshId();
    const matchers = { componentId: id, failureType: 'timeout_failure' };
    const made = await call('POST', '/v1/silences', { matchers, durationMs: 60_000, comment: 'being looked at' });
    expect(made).toMatchObject({ status: 201, body: { matchers, comment: 'being looked at' } });
    await openAbout(id);
    expect(await shown(id)).toMatchObject({ status: 'open', silencedUntil: made.body.until });
    const listed = (await call('GET', '/v1/silences?limit=500')).body.items;
    expect(listed).toContainEqual(made.body);
    const ended = await call('DELETE', `/v1/silences/${made.body.id}`);
    expect(ended.status).toBe(200);
    expect((await call('DELETE', `/v1/silences/${made.body.id}`)).body).toEqual(ended.body);
    expect((await shown(id)).silencedUntil).toBeNull();
  });

  const matchers = { componentId: 'a' };
  it.each([
    [{ matchers: {}, durationMs: 60_000, comment: 'c' }, 'matchers'],
    [{ matchers, comment: 'c' }, 'until'],
    [{ matchers, durationMs: 60_000, until: until(DAY_MS), comment: 'c' }, 'until'],
    [{ matchers, durationMs: 31 * DAY_MS, comment: 'c' }, 'durationMs'],
    [{ matchers, until: until(31 * DAY_MS), comment: 'c' }, 'until'],
    [{ matchers, until: until(-1), comment: 'c' }, 'until'],
    [{ matchers, durationMs: 60_000 }, 'comment'],
    [{ matchers: { componentId: 'a', name: 'a' }, durationMs: 60_000, comment: 'c' }, 'matchers.name'],
  ])('is refused as %j', async (body, path) => {
    expect(expectProblem(await call('POST', '/v1/silences', body), 422, 'invalid-request')).toEqual([path]);
  });
});
