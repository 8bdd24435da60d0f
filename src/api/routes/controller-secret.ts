/** The secret that our calls to a type's controller are signed with. */
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import { resolveConfig } from '../../core/config/effective-config.ts';
import { registryOf } from '../../registry/contract/registry-api.ts';
import type { App } from '../http/app-env.ts';
import { actorOf } from '../auth/actor-of.ts';
import { toControlSecret } from '../resources/control-secret-resource.ts';
import { createRoute, jsonContent, problemDefault } from '../http/openapi-route.ts';
import { problemResponse, problemOf } from '../http/problem.ts';
import { ControlSecretSchema } from '../schemas/component.ts';
import { ConfigTypeParamSchema } from '../schemas/config.ts';

const tags = ['configuration'];

const read = createRoute({
  method: 'get',
  path: '/v1/config/types/{type}/controller-secret',
  'x-permission': 'administer',
  tags,
  summary: "The secret that our calls to the type's controller are signed with",
  request: { params: ConfigTypeParamSchema },
  responses: { 200: jsonContent(ControlSecretSchema, 'The secret, for Standard Webhooks'), ...problemDefault },
});

const rotate = createRoute({
  method: 'post',
  path: '/v1/config/types/{type}/controller-secret/rotate',
  'x-permission': 'administer',
  tags,
  summary: "Another secret for calls to the type's controller; for a day they are signed with both",
  request: { params: ConfigTypeParamSchema },
  responses: { 200: jsonContent(ControlSecretSchema, 'The new secret'), ...problemDefault },
});

export function mountControllerSecret(app: App): void {
  app.openapi(read, async (c) => {
    const { type } = c.req.valid('param');
    if (!(await isType(type))) return problemResponse(c, 'not-found', { detail: noSuchType(type) });
    return c.json(toControlSecret(await registryOf(type).controllerSecret()), 200);
  });

  app.openapi(rotate, async (c) => {
    const { type } = c.req.valid('param');
    if (!(await isType(type))) return problemResponse(c, 'not-found', { detail: noSuchType(type) });
    const rotated = await registryOf(type).rotateControllerSecret({ type, actor: actorOf(c) });
    if (!rotated.ok) return problemOf(c, rotated);
    return c.json(toControlSecret(rotated.value), 200);
  });
}

const noSuchType = (type: string): string => `there is no component type ${type}`;

/** As it is now: an edge's copy may not know a type that was added a moment ago. */
const isType = async (type: string): Promise<boolean> =>
  resolveConfig(await coordinator().configDocuments()).types.has(type);
