/** Routes of the configuration document of a component, which overrides that of its type. */
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import { ComponentConfigSchema } from '../../core/config/component-config.ts';
import type { DocumentScope } from '../../core/config/config-documents.ts';
import type { App } from '../http/app-env.ts';
import { etagOfDocument } from '../http/version-condition.ts';
import { exactNumbers } from '../middleware/exact-numbers.ts';
import { NOT_MODIFIED, matchesIfNoneMatch } from '../http/if-none-match.ts';
import { createRoute, jsonBody, jsonContentWith, problemDefault } from '../http/openapi-route.ts';
import { problemResponse } from '../http/problem.ts';
import { ConditionsSchema, IdParamSchema, IfMatchSchema } from '../schemas/common.ts';
import { ConfigETagSchema } from '../schemas/config.ts';
import { storeConfig } from '../use-cases/store-config.ts';

const path = '/v1/config/components/{id}';
const tags = ['configuration'];
const documentResponse = jsonContentWith(ComponentConfigSchema, ConfigETagSchema, 'The document');

const read = createRoute({
  method: 'get',
  path,
  'x-permission': 'read',
  tags,
  summary: 'Read component configuration',
  request: { params: IdParamSchema },
  responses: { 200: documentResponse, 304: NOT_MODIFIED, ...problemDefault },
});

const put = createRoute({
  method: 'put',
  path,
  middleware: exactNumbers,
  'x-permission': 'administer',
  tags,
  summary: 'Replace component configuration',
  description: 'Honours If-Match and If-None-Match.',
  request: { params: IdParamSchema, headers: ConditionsSchema, body: jsonBody(ComponentConfigSchema) },
  responses: { 200: documentResponse, ...problemDefault },
});

const clear = createRoute({
  method: 'delete',
  path,
  'x-permission': 'administer',
  tags,
  summary: 'Delete component configuration',
  description: 'Equals replacing it by an empty document. Honours If-Match.',
  request: { params: IdParamSchema, headers: IfMatchSchema },
  responses: { 204: { description: 'Deleted' }, ...problemDefault },
});

const scopeOf = (id: string): DocumentScope => ({ kind: 'component', id });

export function mountConfigOfComponents(app: App): void {
  app.openapi(read, async (c) => {
    const { id } = c.req.valid('param');
    const current = await coordinator().configAt(scopeOf(id));
    if (!current) return problemResponse(c, 'unknown-component', { detail: `${id} is not registered` });
    const etag = etagOfDocument(current);
    c.header('etag', etag);
    return matchesIfNoneMatch(c, etag) ? c.body(null, 304) : c.json(current.document, 200);
  });

  app.openapi(put, async (c) => {
    const stored = await storeConfig(c, scopeOf(c.req.valid('param').id), c.req.valid('json'));
    return stored instanceof Response ? stored : c.json(stored.document, 200);
  });

  app.openapi(clear, async (c) => {
    const stored = await storeConfig(c, scopeOf(c.req.valid('param').id), {});
    return stored instanceof Response ? stored : c.body(null, 204);
  });
}
