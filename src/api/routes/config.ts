/** Routes of the global configuration document and of the document of each type. */
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import { GLOBAL, documentOf } from '../../core/config/config-documents.ts';
import { resolveConfig, settingsOf } from '../../core/config/effective-config.ts';
import type { ConfigLevels } from '../../core/config/config-levels.ts';
import { levelsOf, settingSourcesAt, valueSourcesAt, valuesAt } from '../../core/config/config-levels.ts';
import { GlobalConfigSchema, TypeConfigSchema } from '../../core/config/settings.ts';
import type { App } from '../http/app-env.ts';
import { etagOfDocument } from '../http/version-condition.ts';
import { exactNumbers } from '../middleware/exact-numbers.ts';
import { NOT_MODIFIED, matchesIfNoneMatch } from '../http/if-none-match.ts';
import { createRoute, jsonBody, jsonContentWith, problemDefault } from '../http/openapi-route.ts';
import { problemResponse } from '../http/problem.ts';
import { ConditionsSchema, IfMatchSchema } from '../schemas/common.ts';
import {
  ConfigETagSchema,
  ConfigQuerySchema,
  ConfigTypeParamSchema,
  GlobalConfigResponseSchema,
  TypeConfigResponseSchema,
} from '../schemas/config.ts';
import { removeType, storeConfig } from '../use-cases/store-config.ts';

const tags = ['configuration'];
const headers = ConditionsSchema;
const ETagSchema = ConfigETagSchema;

const readGlobal = createRoute({
  method: 'get',
  path: '/v1/config',
  'x-permission': 'read',
  tags,
  summary: 'Read global configuration',
  request: { query: ConfigQuerySchema },
  responses: {
    200: jsonContentWith(GlobalConfigResponseSchema, ETagSchema, 'The stored document, or the effective settings'),
    304: NOT_MODIFIED,
    ...problemDefault,
  },
});

const putGlobal = createRoute({
  method: 'put',
  path: '/v1/config',
  middleware: exactNumbers,
  'x-permission': 'administer',
  tags,
  summary: 'Replace global configuration',
  description: 'Honours If-Match and If-None-Match.',
  request: { headers, body: jsonBody(GlobalConfigSchema) },
  responses: { 200: jsonContentWith(GlobalConfigSchema, ETagSchema, 'The document'), ...problemDefault },
});

const readType = createRoute({
  method: 'get',
  path: '/v1/config/types/{type}',
  'x-permission': 'read',
  tags,
  summary: 'Read type configuration',
  request: { params: ConfigTypeParamSchema, query: ConfigQuerySchema },
  responses: {
    200: jsonContentWith(TypeConfigResponseSchema, ETagSchema, 'The stored document, or the effective settings'),
    304: NOT_MODIFIED,
    ...problemDefault,
  },
});

const putType = createRoute({
  method: 'put',
  path: '/v1/config/types/{type}',
  middleware: exactNumbers,
  'x-permission': 'administer',
  tags,
  summary: 'Replace type configuration',
  description:
    'Adds the type if it does not exist; so does the first registration in it. Honours If-Match and If-None-Match.',
  request: { params: ConfigTypeParamSchema, headers, body: jsonBody(TypeConfigSchema) },
  responses: {
    200: jsonContentWith(TypeConfigSchema, ETagSchema, 'The document'),
    201: jsonContentWith(TypeConfigSchema, ETagSchema, 'The document of a new type'),
    ...problemDefault,
  },
});

const removeTypeRoute = createRoute({
  method: 'delete',
  path: '/v1/config/types/{type}',
  'x-permission': 'administer',
  tags,
  summary: 'Remove type',
  description:
    'Removes the type and its configuration. A built-in type loses its configuration only. 409 `type-not-empty` while ' +
    'components of the type are registered. Honours If-Match.',
  request: { params: ConfigTypeParamSchema, headers: IfMatchSchema },
  responses: { 204: { description: 'Removed' }, ...problemDefault },
});

export function mountConfig(app: App): void {
  app.openapi(readGlobal, async (c) => {
    const documents = await coordinator().configDocuments();
    const etag = etagOfDocument(documents.global);
    c.header('etag', etag);
    if (c.req.valid('query').effective === 'false')
      return matchesIfNoneMatch(c, etag) ? c.body(null, 304) : c.json(documents.global.document, 200);
    const { global } = resolveConfig(documents);
    return c.json({ config: settingsOf(global), ...withSources(levelsOf(documents, null)) }, 200);
  });

  app.openapi(putGlobal, async (c) => {
    const stored = await storeConfig(c, GLOBAL, c.req.valid('json'));
    return stored instanceof Response ? stored : c.json(stored.document, 200);
  });

  app.openapi(readType, async (c) => {
    const { type } = c.req.valid('param');
    const documents = await coordinator().configDocuments();
    const found = resolveConfig(documents).types.get(type);
    if (!found) return problemResponse(c, 'not-found', { detail: `there is no component type ${type}` });
    const current = documentOf(documents, { kind: 'type', type });
    const etag = etagOfDocument(current);
    c.header('etag', etag);
    if (c.req.valid('query').effective === 'false')
      return matchesIfNoneMatch(c, etag) ? c.body(null, 304) : c.json(current.document, 200);
    const config = { ...settingsOf(found.config), requestTypes: [...found.requestTypes] };
    return c.json({ config, ...withSources(levelsOf(documents, type)) }, 200);
  });

  app.openapi(putType, async (c) => {
    const { type } = c.req.valid('param');
    const stored = await storeConfig(c, { kind: 'type', type }, c.req.valid('json'));
    if (stored instanceof Response) return stored;
    return stored.created ? c.json(stored.document, 201) : c.json(stored.document, 200);
  });

  app.openapi(removeTypeRoute, async (c) => {
    const problem = await removeType(c, c.req.valid('param').type);
    return problem ?? c.body(null, 204);
  });
}

function withSources(levels: ConfigLevels) {
  const values = valuesAt(levels);
  return { sources: settingSourcesAt(levels), values, valueSources: valueSourcesAt(levels, values) };
}
