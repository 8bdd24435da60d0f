/** What a component needs to be known and to know us: its own key, and the secret our control calls are signed with. */
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
import { changerOf } from '../../core/quota/change-quota.ts';

const tags = ['components'];

const issueKey = createRoute({
  method: 'post',
  path: '/v1/components/{id}/key',
  'x-permission': 'change-component',
  tags,
  summary: 'A key for this component alone; the one it had works on for ten minutes',
  request: { params: IdParamSchema },
  responses: { 201: jsonContent(NewKeySchema, 'The key, shown this once'), ...problemDefault },
});

const readSecret = createRoute({
  method: 'get',
  path: '/v1/components/{id}/control-secret',
  'x-permission': 'change-component',
  tags,
  summary: 'The secret that our calls to its control endpoint are signed with',
  request: { params: IdParamSchema },
  responses: { 200: jsonContent(ControlSecretSchema, 'The secret, for Standard Webhooks'), ...problemDefault },
});

const rotateSecret = createRoute({
  method: 'post',
  path: '/v1/components/{id}/control-secret/rotate',
  'x-permission': 'change-component',
  tags,
  summary: 'Another secret for control calls; for a day they are signed with both',
  request: { params: IdParamSchema },
  responses: { 200: jsonContent(ControlSecretSchema, 'The new secret'), ...problemDefault },
});

export function mountComponentCredentials(app: App): void {
  app.openapi(issueKey, async (c) => {
    const { id } = c.req.valid('param');
    const found = await withRegistryOf(c.get('reach'), id, (registry, only) => registry.component(id, only));
    if (!found.ok) return problemOf(c, found);
    const reach = c.get('reach');
    const issued = await issueComponentKey(
      { componentId: id, owner: ownerFilter(reach, id) ?? null, changer: changerOf(reach) },
      actorOf(c),
    );
    if (!issued.ok) return problemOf(c, issued);
    return c.json(toNewKeyResource(issued.value), 201);
  });

  app.openapi(readSecret, async (c) => {
    const { id } = c.req.valid('param');
    const found = await withRegistryOf(c.get('reach'), id, (registry, only) => registry.controlSecret(id, only));
    if (!found.ok) return problemOf(c, found);
    return c.json(toControlSecret(found.value), 200);
  });

  app.openapi(rotateSecret, async (c) => {
    const { id } = c.req.valid('param');
    const rotated = await withRegistryOf(c.get('reach'), id, (registry, only) =>
      registry.rotateControlSecret(id, { only, actor: actorOf(c) }),
    );
    if (!rotated.ok) return problemOf(c, rotated);
    return c.json(toControlSecret(rotated.value), 200);
  });
}
