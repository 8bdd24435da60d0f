/** Routes of the secret that signs calls to the controller of a type. */
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
  summary: 'Read controller secret',
  description: 'The coordinator signs its calls to the controller of the type with this secret.',
  request: { params: ConfigTypeParamSchema },
  responses: {
    200: jsonContent(ControlSecretSchema, 'The secret, in the format of Standard Webhooks'),
    ...problemDefault,
  },
});

const rotate = createRoute({
  method: 'post',
  path: '/v1/config/types/{type}/controller-secret/rotate',
  'x-permission': 'administer',
  tags,
  summary: 'Rotate controller secret',
  description: 'For 24 hours the coordinator signs calls to the controller with both secrets.',
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

/** Reads the coordinator: the cached configuration of the isolate may lack a type that was just added. */
const isType = async (type: string): Promise<boolean> =>
  resolveConfig(await coordinator().configDocuments()).types.has(type);
