/** Routes of drills: injected failures with their results. */
import * as z from 'zod';
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import { isComponentType } from '../../core/config/effective-config.ts';
import { toIso, toIsoOrNull } from '../../core/component/resource.ts';
import type { Drill } from '../../core/drill/drill.ts';
import { DRILL_ID_PATTERN, drillIdOf, typeOfDrill } from '../../core/drill/drill-id.ts';
import { judgeDrill } from '../../core/drill/judge-drill.ts';
import type { RecordedAction } from '../../history/recovery-history.ts';
import { withinDeadline } from '../../history/history-deadline.ts';
import { findRecoveries } from '../../history/recovery-history.ts';
import { logError } from '../../logging/log-error.ts';
import { registryOf } from '../../registry/contract/registry-api.ts';
import type { App } from '../http/app-env.ts';
import { actorOf } from '../auth/actor-of.ts';
import { typesOf, withRegistryOf } from '../../edge/directory-cache.ts';
import { currentConfigWithType } from '../use-cases/current-config.ts';
import { createRoute, jsonBody, jsonContent, problemDefault } from '../http/openapi-route.ts';
import { problemResponse, problemOf } from '../http/problem.ts';
import { toActionResource } from '../resources/recovery-resource.ts';
import type { DrillResource } from '../schemas/drill.ts';
import { DrillPageSchema, DrillQuerySchema, DrillRequestSchema, DrillSchema } from '../schemas/drill.ts';

const tags = ['drills'];
const params = z.object({ id: z.string().regex(DRILL_ID_PATTERN, 'not a drill id') });

const begin = createRoute({
  method: 'post',
  path: '/v1/drills',
  'x-permission': 'operate',
  tags,
  summary: 'Start drill',
  description: 'Injects a failure of a component. Detection and recovery run as for a real failure.',
  request: { body: jsonBody(DrillRequestSchema) },
  responses: { 201: jsonContent(DrillSchema, 'The drill, started'), ...problemDefault },
});

const list = createRoute({
  method: 'get',
  path: '/v1/drills',
  'x-permission': 'read',
  tags,
  summary: 'List drills, newest first',
  description: 'The last fifty drills of each type that has components.',
  request: { query: DrillQuerySchema },
  responses: { 200: jsonContent(DrillPageSchema, 'A page of drills'), ...problemDefault },
});

const read = createRoute({
  method: 'get',
  path: '/v1/drills/{id}',
  'x-permission': 'read',
  tags,
  summary: 'Read drill',
  description: 'Each step with its measured and promised time, and each action of the recovery.',
  request: { params },
  responses: { 200: jsonContent(DrillSchema, 'The drill'), ...problemDefault },
});

export function mountDrills(app: App): void {
  app.openapi(begin, async (c) => {
    const { componentId, fault, execute } = c.req.valid('json');
    const digits = crypto.randomUUID().replaceAll('-', '');
    const begun = await withRegistryOf(c.get('accessScope'), componentId, async (registry) => {
      const [type] = await typesOf([componentId]);
      return registry.beginDrill(componentId, { id: drillIdOf(type ?? '', digits), fault, execute }, actorOf(c));
    });
    return begun.ok ? c.json(toResource(begun.value), 201) : problemOf(c, begun);
  });

  app.openapi(list, async (c) => {
    const { limit, cursor, type } = c.req.valid('query');
    const types = type === undefined ? await coordinator().populatedTypes('') : [type];
    const known = await currentConfigWithType(c, (config) => types.every((each) => isComponentType(config, each)));
    const lists = types.filter((each) => isComponentType(known, each)).map((each) => registryOf(each).listDrills());
    const all = (await Promise.all(lists))
      .flat()
      .toSorted((a, b) => b.startedAt - a.startedAt || (a.id < b.id ? 1 : -1));
    const from = cursor === undefined ? 0 : all.findIndex(({ id }) => id === cursor) + 1;
    const items = all.slice(from, from + limit);
    const nextCursor = from + limit < all.length ? (items.at(-1)?.id ?? null) : null;
    const actions = await actionsOf(c.env.HISTORY, items);
    return c.json({ items: items.map((drill) => toResource(drill, actions.get(drill.recoveryId))), nextCursor }, 200);
  });

  app.openapi(read, async (c) => {
    const { id } = c.req.valid('param');
    const type = typeOfDrill(id) ?? '';
    // A call would create the registry of an unknown type.
    const known = await currentConfigWithType(c, (config) => isComponentType(config, type));
    const drills = isComponentType(known, type) ? await registryOf(type).listDrills() : [];
    const drill = drills.find((each) => each.id === id);
    if (!drill) return problemResponse(c, 'not-found', { detail: `there is no drill ${id}` });
    const actions = await actionsOf(c.env.HISTORY, [drill]);
    return c.json(toResource(drill, actions.get(drill.recoveryId)), 200);
  });
}

type ActionsByRecovery = ReadonlyMap<string | null, readonly RecordedAction[]>;

/**
 * Actions of the drills' recoveries, by recovery id: the verdict on a drill depends on them. Empty while the history is
 * unavailable: the registry has the rest of the report.
 */
async function actionsOf(db: D1Database, drills: readonly Drill[]): Promise<ActionsByRecovery> {
  const ids = drills.flatMap(({ recoveryId }) => recoveryId ?? []);
  if (ids.length === 0) return new Map();
  try {
    const recoveries = await withinDeadline(findRecoveries(db, ids));
    return new Map(recoveries.map(({ recoveryId, actions }) => [recoveryId, actions]));
  } catch (error) {
    logError('drill actions not read', { recoveries: ids.length, error });
    return new Map();
  }
}

function toResource(drill: Drill, actions: readonly RecordedAction[] = []): DrillResource {
  const { id, componentId, componentType, fault, execute, outcome, recoveryId } = drill;
  return {
    ...judgeDrill(drill, actions),
    id,
    componentId,
    componentType,
    fault,
    execute,
    outcome,
    startedAt: toIso(drill.startedAt),
    until: toIso(drill.until),
    faultEndedAt: toIsoOrNull(drill.faultEndedAt),
    endedAt: toIsoOrNull(drill.endedAt),
    recoveryId,
    actions: actions.map(toActionResource),
  };
}
