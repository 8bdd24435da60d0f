/** Routes of silences, which mute matching alerts until their end. Incidents are still opened and listed. */
import * as z from 'zod';
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import { toIso } from '../../core/component/resource.ts';
import type { Silence } from '../../core/incident/silence.ts';
import type { App } from '../http/app-env.ts';
import { actorOf } from '../auth/actor-of.ts';
import { createRoute, jsonBody, jsonContent, problemDefault } from '../http/openapi-route.ts';
import { problemResponse, problemOf } from '../http/problem.ts';
import { PageQuerySchema } from '../schemas/common.ts';
import type { SilenceResource } from '../schemas/incident.ts';
import { SilencePageSchema, SilenceRequestSchema, SilenceSchema } from '../schemas/incident.ts';
import { readUntil } from '../schemas/operation.ts';

const tags = ['incidents'];
const params = z.object({ id: z.string().regex(/^s-[0-9a-f]{32}$/, 'not a silence id') });

const create = createRoute({
  method: 'post',
  path: '/v1/silences',
  'x-permission': 'operate',
  tags,
  summary: 'Create silence',
  description: 'Mutes matching alerts until its end. Incidents that are still open then are alerted.',
  request: { body: jsonBody(SilenceRequestSchema) },
  responses: { 201: jsonContent(SilenceSchema, 'The silence'), ...problemDefault },
});

const list = createRoute({
  method: 'get',
  path: '/v1/silences',
  'x-permission': 'read',
  tags,
  summary: 'List active silences',
  description: 'The next to end first.',
  request: { query: PageQuerySchema },
  responses: { 200: jsonContent(SilencePageSchema, 'A page of silences'), ...problemDefault },
});

const end = createRoute({
  method: 'delete',
  path: '/v1/silences/{id}',
  'x-permission': 'operate',
  tags,
  summary: 'End silence',
  request: { params },
  responses: { 200: jsonContent(SilenceSchema, 'The silence, ended now or earlier'), ...problemDefault },
});

export function mountSilences(app: App): void {
  app.openapi(create, async (c) => {
    const { matchers, durationMs, until: requestedUntil, comment } = c.req.valid('json');
    const now = Date.now();
    const until = readUntil(requestedUntil, now);
    if (typeof until === 'string')
      return problemResponse(c, 'invalid-request', { errors: [{ path: 'until', message: until }] });
    const actor = actorOf(c);
    const made = await coordinator().addSilence(
      {
        id: `s-${crypto.randomUUID().replaceAll('-', '')}`,
        matchers,
        comment,
        createdBy: actor.keyName,
        createdAt: now,
        until: until ?? now + (durationMs ?? 0),
      },
      actor,
    );
    return made.ok ? c.json(toResource(made.value), 201) : problemOf(c, made);
  });

  app.openapi(list, async (c) => {
    const { limit, cursor } = c.req.valid('query');
    const all = await coordinator().silences();
    const from = cursor === undefined ? 0 : all.findIndex(({ id }) => id === cursor) + 1;
    const items = all.slice(from, from + limit);
    const nextCursor = from + limit < all.length ? (items.at(-1)?.id ?? null) : null;
    return c.json({ items: items.map(toResource), nextCursor }, 200);
  });

  app.openapi(end, async (c) => {
    const ended = await coordinator().endSilence(c.req.valid('param').id, actorOf(c));
    return ended.ok ? c.json(toResource(ended.value), 200) : problemOf(c, ended);
  });
}

const toResource = ({ createdAt, until, ...rest }: Silence): SilenceResource => ({
  ...rest,
  createdAt: toIso(createdAt),
  until: toIso(until),
});
