/** The load of all components, and the call that has work shared out anew. */
import type { EffectiveConfig } from '../../core/config/effective-config.ts';
import { isComponentType } from '../../core/config/effective-config.ts';
import { registryOf } from '../../registry/contract/registry-api.ts';
import type { App } from '../http/app-env.ts';
import type { Call } from '../http/call.ts';
import { actorOf } from '../auth/actor-of.ts';
import { currentConfigWithType } from '../use-cases/current-config.ts';
import { createRoute, jsonContent, problemDefault } from '../http/openapi-route.ts';
import { problemResponse } from '../http/problem.ts';
import { LoadEntrySchema, LoadQuerySchema } from '../schemas/component.ts';
import { RedistributionRequestSchema, RedistributionSchema } from '../schemas/redistribution.ts';

const tags = ['system'];

const load = createRoute({
  method: 'get',
  path: '/v1/load',
  'x-permission': 'read',
  tags,
  summary: 'Load of every component',
  request: { query: LoadQuerySchema },
  responses: { 200: jsonContent(LoadEntrySchema.array(), 'One entry a component'), ...problemDefault },
});

const redistribute = createRoute({
  method: 'post',
  path: '/v1/load/redistribute',
  'x-permission': 'operate',
  tags,
  summary: 'Share work out anew now',
  description:
    'Shares follow by themselves; this is for whoever does not want to wait. Isolates are asked for the blocks of leases that they do not use, and fetch the fleet again; who waits for a lease is served.',
  request: {
    body: { required: false, content: { 'application/json': { schema: RedistributionRequestSchema } } },
  },
  responses: { 200: jsonContent(RedistributionSchema, 'Shares before and after'), ...problemDefault },
});

/** The types asked about: all without a name, null when there is none of that name. */
async function typesAsked(c: Call, type: string | undefined): Promise<readonly string[] | null> {
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
    const types = await typesAsked(c, type);
    if (!types) return noType(c, type);
    const loads = await Promise.all(types.map((each) => registryOf(each).loads()));
    return c.json(loads.flat(), 200);
  });

  app.openapi(redistribute, async (c) => {
    const { type } = c.req.header('content-type') ? c.req.valid('json') : {};
    const types = await typesAsked(c, type);
    if (!types) return noType(c, type);
    const actor = actorOf(c);
    const items = await Promise.all(
      types.map(async (each) => {
        const { changes, ...told } = await registryOf(each).redistribute(actor);
        return { type: each, ...told, shares: [...changes] };
      }),
    );
    return c.json({ items }, 200);
  });
}
