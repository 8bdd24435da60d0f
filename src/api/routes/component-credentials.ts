/** Credentials of a component: its own API key, and the secret that signs calls to its control endpoint. */
import type { App } from '../http/app-env.ts';
import { actorOf } from '../auth/actor-of.ts';
import { withRegistryOf } from '../../edge/directory-cache.ts';
import { toControlSecret } from '../resources/control-secret-resource.ts';
import { toNewKeyResource } from '../resources/key-resource.ts';
import { issueComponentKey } from '../auth/issue-key.ts';
import { createRoute, jsonContent, problemDefault } from '../http/openapi-route.ts';
import { problemOf } from '../http/problem.ts';
import { IdParamSchema } from '../schemas/common.ts';
import { ControlSecretSchema } from '../schemas/component.ts';
import { NewKeySchema } from '../schemas/key.ts';
import { ownerFilter } from '../../core/access/permission.ts';
import { quotaHolderOf } from '../../core/quota/change-quota.ts';

const tags = ['components'];

const issueKey = createRoute({
  method: 'post',
  path: '/v1/components/{id}/key',
  'x-permission': 'change-component',
  tags,
  summary: 'Issue component key',
  description: 'The key is valid for this component only. A previous key stays valid for ten minutes.',
  request: { params: IdParamSchema },
  responses: { 201: jsonContent(NewKeySchema, 'The key, shown only once'), ...problemDefault },
});

const readSecret = createRoute({
  method: 'get',
  path: '/v1/components/{id}/control-secret',
  'x-permission': 'change-component',
  tags,
  summary: 'Read control secret',
  description: 'The coordinator signs its calls to the control endpoint of the component with this secret.',
  request: { params: IdParamSchema },
  responses: {
    200: jsonContent(ControlSecretSchema, 'The secret, in the format of Standard Webhooks'),
    ...problemDefault,
  },
});

const rotateSecret = createRoute({
  method: 'post',
  path: '/v1/components/{id}/control-secret/rotate',
  'x-permission': 'change-component',
  tags,
  summary: 'Rotate control secret',
  description: 'For 24 hours the coordinator signs control calls with both secrets.',
  request: { params: IdParamSchema },
  responses: { 200: jsonContent(ControlSecretSchema, 'The new secret'), ...problemDefault },
});

export function mountComponentCredentials(app: App): void {
  app.openapi(issueKey, async (c) => {
    const { id } = c.req.valid('param');
    const found = await withRegistryOf(c.get('accessScope'), id, (registry, only) => registry.component(id, only));
    if (!found.ok) return problemOf(c, found);
    const scope = c.get('accessScope');
    const issued = await issueComponentKey(
      { componentId: id, owner: ownerFilter(scope, id) ?? null, quotaHolder: quotaHolderOf(scope) },
      actorOf(c),
    );
    if (!issued.ok) return problemOf(c, issued);
    return c.json(toNewKeyResource(issued.value), 201);
  });

  app.openapi(readSecret, async (c) => {
    const { id } = c.req.valid('param');
    const found = await withRegistryOf(c.get('accessScope'), id, (registry, only) => registry.controlSecret(id, only));
    if (!found.ok) return problemOf(c, found);
    return c.json(toControlSecret(found.value), 200);
  });

  app.openapi(rotateSecret, async (c) => {
    const { id } = c.req.valid('param');
    const rotated = await withRegistryOf(c.get('accessScope'), id, (registry, only) =>
      registry.rotateControlSecret(id, { only, actor: actorOf(c) }),
    );
    if (!rotated.ok) return problemOf(c, rotated);
    return c.json(toControlSecret(rotated.value), 200);
  });
}
