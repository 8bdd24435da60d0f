/** Routes of incidents: problems that recovery could not solve and that an operator acknowledges and resolves. */
import type { Context } from 'hono';
import * as z from 'zod';
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import type { Incident } from '../../history/incident-history.ts';
import { readIncident } from '../../history/incident-detail.ts';
import { listIncidents } from '../../history/incident-history.ts';
import type { IncidentTransition } from '../../history/transition-incident.ts';
import { transitionIncident } from '../../history/transition-incident.ts';
import type { App, AppEnv } from '../http/app-env.ts';
import { actorOf } from '../auth/actor-of.ts';
import { encodeListCursor } from '../http/cursor.ts';
import { toIncidentDetail, toIncidentResource } from '../resources/incident-resource.ts';
import { createRoute, jsonContent, problemDefault } from '../http/openapi-route.ts';
import { problemResponse } from '../http/problem.ts';
import { readHistory, readHistoryPage } from '../use-cases/read-history.ts';
import { PageQuerySchema } from '../schemas/common.ts';
import type { IncidentResource } from '../schemas/failure.ts';
import { IncidentPageSchema, IncidentSchema } from '../schemas/failure.ts';
import { IncidentDetailSchema } from '../schemas/incident.ts';

const tags = ['incidents'];
const params = z.object({ id: z.string().regex(/^i-[0-9a-f]{32}$/, 'not an incident id') });
const incident = jsonContent(IncidentSchema, 'The incident');

const list = createRoute({
  method: 'get',
  path: '/v1/incidents',
  'x-permission': 'read',
  tags,
  summary: 'List incidents, newest first',
  request: {
    query: PageQuerySchema.extend({
      componentId: z.string().max(128).optional(),
      status: IncidentSchema.shape.status.optional(),
    }),
  },
  responses: { 200: jsonContent(IncidentPageSchema, 'A page of incidents'), ...problemDefault },
});

const read = createRoute({
  method: 'get',
  path: '/v1/incidents/{id}',
  'x-permission': 'read',
  tags,
  summary: 'Read incident',
  description: 'The incident with its failures, its recovery and its timeline.',
  request: { params },
  responses: { 200: jsonContent(IncidentDetailSchema, 'The incident, with its timeline'), ...problemDefault },
});

const acknowledge = createRoute({
  method: 'post',
  path: '/v1/incidents/{id}/acknowledge',
  'x-permission': 'operate',
  tags,
  summary: 'Acknowledge incident',
  request: { params },
  responses: { 200: incident, ...problemDefault },
});

const resolve = createRoute({
  method: 'post',
  path: '/v1/incidents/{id}/resolve',
  'x-permission': 'operate',
  tags,
  summary: 'Resolve incident',
  request: { params },
  responses: { 200: incident, ...problemDefault },
});

export function mountIncidents(app: App): void {
  app.openapi(list, async (c) => {
    const { limit, cursor, ...filter } = c.req.valid('query');
    const page = await readHistoryPage(c, { limit, cursor }, (request) =>
      listIncidents(c.env.HISTORY, filter, request),
    );
    if (!page.ok) return page.problem;
    const { items, next } = page.value;
    return c.json({ items: await toResources(items), nextCursor: encodeListCursor(next) }, 200);
  });

  app.openapi(read, async (c) => {
    const { id } = c.req.valid('param');
    const found = await readHistory(c, () => readIncident(c.env.HISTORY, id));
    if (!found.ok) return found.problem;
    if (!found.value) return problemResponse(c, 'not-found', { detail: `there is no incident ${id}` });
    const [resource] = await toResources([found.value.incident]);
    return c.json(toIncidentDetail(resource!, found.value), 200);
  });

  app.openapi(acknowledge, async (c) => {
    const moved = await move(c, c.req.valid('param').id, 'acknowledged');
    if (!moved.ok) return moved.problem;
    if (!moved.value) return problemResponse(c, 'not-found', { detail: 'there is no such incident' });
    return moved.value.status === 'resolved'
      ? problemResponse(c, 'incident-closed', { detail: 'the incident is resolved' })
      : c.json((await toResources([moved.value]))[0]!, 200);
  });

  app.openapi(resolve, async (c) => {
    const moved = await move(c, c.req.valid('param').id, 'resolved');
    if (!moved.ok) return moved.problem;
    if (!moved.value) return problemResponse(c, 'not-found', { detail: 'there is no such incident' });
    return c.json((await toResources([moved.value]))[0]!, 200);
  });
}

/**
 * Moves an incident to a later status. A repeated call returns the current incident, and publishes the event if the
 * first call did not.
 */
async function move(c: Context<AppEnv>, id: string, to: IncidentTransition) {
  const moved = await readHistory(c, () =>
    transitionIncident(c.env.HISTORY, id, { to, actor: actorOf(c), at: Date.now() }),
  );
  if (moved.ok && moved.value) await publishTransition(moved.value, to);
  return moved;
}

/** Publishes the event of the transition. Its key deduplicates repeated calls in the log. */
async function publishTransition(
  { id, componentId, acknowledgedAt, resolvedAt }: Incident,
  to: IncidentTransition,
): Promise<void> {
  const time = to === 'acknowledged' ? acknowledgedAt : resolvedAt;
  if (time === null) return;
  const draft = { key: `${id}:${to}`, subject: componentId, time, data: { incidentId: id } };
  await coordinator().publish([{ ...draft, type: `incident.${to}` }], null);
}

/** Resources with the silences that mute their alerts. Without silences while the coordinator is unreachable. */
async function toResources(incidents: readonly Incident[]): Promise<IncidentResource[]> {
  const isAnyOpen = incidents.some(({ status }) => status !== 'resolved');
  const silences = isAnyOpen
    ? await coordinator()
        .silences()
        .catch(() => [])
    : [];
  return incidents.map((incident) => toIncidentResource(incident, silences, Date.now()));
}
