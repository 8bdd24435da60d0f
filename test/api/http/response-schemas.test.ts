import { beforeAll, describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { ProblemSchema } from '../../../src/api/schemas/common.ts';
import {
  ComponentPageSchema,
  ComponentSchema,
  HeartbeatResultSchema,
  LoadEntrySchema,
  ProbeResultSchema,
} from '../../../src/api/schemas/component.ts';
import {
  FailurePageSchema,
  FailureReceiptSchema,
  FailureStatsSchema,
  IncidentPageSchema,
  RecoveryPageSchema,
} from '../../../src/api/schemas/failure.ts';
import { HealthReportSchema } from '../../../src/api/schemas/health-report.ts';
import { HistoryPageSchema } from '../../../src/api/schemas/history.ts';
import { RouteResponseSchema } from '../../../src/api/schemas/route.ts';
import { EventPageSchema, SystemHealthSchema } from '../../../src/api/schemas/system.ts';
import { call, eventually, freshId, registrationFor } from '../../support/coordinator-http.ts';
import { silentRegistration } from '../../support/silent-registration.ts';

const [checked, beating] = [freshId(), freshId()];
const statusOf = async (id: string): Promise<string> => (await call('GET', `/v1/components/${id}/health`)).body.status;

/** Asserts that a body matches its schema exactly: no missing, wrongly typed or additional fields. */
function expectToMatch(schema: z.ZodType, body: unknown): void {
  expect(schema.parse(body)).toEqual(body);
}

beforeAll(async () => {
  await call(
    'POST',
    '/v1/components',
    registrationFor(checked, { metadata: { location: 'weur', deep: { list: [1, null, 'x'] } } }),
  );
  await call('POST', '/v1/components', silentRegistration(beating, { dependencies: [checked] }));
  await eventually(
    () => statusOf(checked),
    (status) => status === 'healthy',
    5_000,
  );
});

describe('response bodies match the contract', () => {
  it('for components', async () => {
    expectToMatch(ComponentSchema, (await call('GET', `/v1/components/${checked}`)).body);
    expectToMatch(ComponentSchema, (await call('PATCH', `/v1/components/${checked}`, { weight: 2 })).body);
    expectToMatch(
      ComponentSchema,
      (await call('PUT', `/v1/components/${beating}`, silentRegistration(beating, { dependencies: [checked] }))).body,
    );
    const { body } = await call('GET', '/v1/components?limit=1');
    expectToMatch(ComponentPageSchema, body);
    expect(body.nextCursor).toEqual(expect.any(String));
  });

  it('for heartbeats, probes and health', async () => {
    expectToMatch(HealthReportSchema, (await call('GET', `/v1/components/${checked}/health`)).body);
    expectToMatch(HistoryPageSchema, (await call('GET', `/v1/components/${checked}/history`)).body);
    expectToMatch(HeartbeatResultSchema, (await call('POST', `/v1/components/${beating}/heartbeat`, {})).body);
    const probed = await call('POST', `/v1/components/${checked}/probe`);
    expectToMatch(ProbeResultSchema, probed.body);
    expect(probed.body).toMatchObject({ outcome: 'passed', error: null, health: { status: 'healthy' } });
  });

  it('for routing', async () => {
    const routed = await eventually(
      () =>
        call('POST', '/v1/route', {
          requestType: 'task_routing',
          payload: { taskId: 't-1', taskType: 'code-review', location: 'weur' },
          explain: true,
        }),
      ({ status }) => status === 200,
      5_000,
    );
    expectToMatch(RouteResponseSchema, routed.body);
  });

  it('for the system', async () => {
    expectToMatch(SystemHealthSchema, (await call('GET', '/v1/health')).body);
    expectToMatch(LoadEntrySchema.array(), (await call('GET', '/v1/load')).body);
    const events = await call('GET', '/v1/events?after=0');
    expectToMatch(EventPageSchema, events.body);
    expect(events.body.items.length).toBeGreaterThan(0);
    expect((await call('GET', '/healthz')).body).toEqual({ status: 'ok' });
  });

  it('for failures, recoveries and incidents', async () => {
    const reported = await call('POST', `/v1/components/${beating}/failures`, {
      error: { code: 'ECONNRESET', message: 'gone' },
      context: { attempt: 1 },
    });
    expect(reported.status).toBe(202);
    expectToMatch(FailureReceiptSchema, reported.body);
    const failures = await eventually(
      () => call('GET', '/v1/failures'),
      ({ body }) => body.items?.length > 0,
      5_000,
    );
    expectToMatch(FailurePageSchema, failures.body);
    expect(failures.body.items[0]).toMatchObject({
      id: reported.body.failureId,
      componentId: beating,
      context: { attempt: 1 },
    });
    expectToMatch(FailureStatsSchema, (await call('GET', '/v1/failures/stats')).body);
    expectToMatch(RecoveryPageSchema, (await call('GET', '/v1/recoveries')).body);
    expectToMatch(IncidentPageSchema, (await call('GET', '/v1/incidents')).body);
  });

  it('for problems', async () => {
    for (const response of [
      await call('GET', `/v1/components/${freshId()}`),
      await call('POST', '/v1/components', { id: 'A' }),
      await call('POST', '/v1/route', { type: 'caws_validator' }),
      await call('GET', '/v1/nothing'),
    ]) {
      expect(response.status).toBeGreaterThanOrEqual(400);
      expectToMatch(ProblemSchema, response.body);
      expect(response.body.status).toBe(response.status);
    }
  });
});

describe('every response', () => {
  it.each(['/healthz', '/v1/components', '/v1/nothing', '/nothing'])(
    'of %s carries the security headers for browsers',
    async (path) => {
      const { headers } = await call('GET', path);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-type')).toMatch(/^application\/(problem\+)?json/);
    },
  );
});
