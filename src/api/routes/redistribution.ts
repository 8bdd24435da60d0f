/** Routes of load: the load of all components, and the redistribution on request. */
import type { EffectiveConfig } from '../../core/config/effective-config.ts';
import { isComponentType } from '../../core/config/effective-config.ts';
import { registryOf } from '../../registry/contract/registry-api.ts';
import type { App } from '../http/app-env.ts';
import type { Call } from '../http/call.ts';
import { actorOf } from '../auth/actor-of.ts';
import { currentConfigWithType } from '../use-cases/current-config.ts';
import { createRoute, jsonContent, optionalBody, problemDefault } from '../http/openapi-route.ts';
import { problemResponse } from '../http/problem.ts';
import { LoadEntrySchema, LoadQuerySchema } from '../schemas/component.ts';
import { RedistributionRequestSchema, RedistributionSchema } from '../schemas/redistribution.ts';

const tags = ['system'];

const load = createRoute({
  method: 'get',
  path: '/v1/load',
  'x-permission': 'read',
  tags,
  summary: 'List component loads',
  request: { query: LoadQuerySchema },
  responses: { 200: jsonContent(LoadEntrySchema.array(), 'One entry per component'), ...problemDefault },
});

const redistribute = createRoute({
  method: 'post',
  path: '/v1/load/redistribute',
  'x-permission': 'operate',
  tags,
  summary: 'Redistribute load',
  description:
    'Shares normally follow changes by themselves. This call makes isolates return unused lease blocks and refresh their ' +
    'snapshots at once, and serves the wait queue.',
  request: { body: optionalBody(RedistributionRequestSchema) },
  responses: { 200: jsonContent(RedistributionSchema, 'Shares before and after'), ...problemDefault },
});

/** The requested type, or all types without one; null if the type does not exist. */
async function requestedTypes(c: Call, type: string | undefined): Promise<readonly string[] | null> {
  const isKnown = (known: EffectiveConfig): boolean => type === undefined || isComponentType(known, type);
  const config = await currentConfigWithType(c, isKnown);
  if (!isKnown(config)) return null;
  return type === undefined ? [...config.types.keys()] : [type];
}

const noType = (c: Call, type: string | undefined) =>
  problemResponse(c, 'unknown-type', { errors: [{ path: 'type', message: `there is no component type ${type}` }] });

export function mountRedistribution(app: App): void {
  app.openapi(load, async (c) => {
    const { type } = c.req.valid('query');
    const types = await requestedTypes(c, type);
    if (!types) return noType(c, type);
    const loads = await Promise.all(types.map((each) => registryOf(each).loads()));
    return c.json(loads.flat(), 200);
  });

  app.openapi(redistribute, async (c) => {
    const { type } = c.req.valid('json');
    const types = await requestedTypes(c, type);
    if (!types) return noType(c, type);
    const actor = actorOf(c);
    const items = await Promise.all(
      types.map(async (each) => {
        const { changes, ...result } = await registryOf(each).redistribute(actor);
        return { type: each, ...result, shares: [...changes] };
      }),
    );
    return c.json({ items }, 200);
  });
}
