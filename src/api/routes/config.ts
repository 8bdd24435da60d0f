/** The configuration: one document for all types, one for each type. */
import type { Context } from 'hono';
import * as z from 'zod';
import { coordinator } from '../../coordinator/coordinator-api.ts';
import type { StoredConfig } from '../../coordinator/coordinator-api.ts';
import type { ConfigScope } from '../../core/config/config-documents.ts';
import { GLOBAL, documentOf } from '../../core/config/config-documents.ts';
import type { ConfigFault } from '../../core/config/config-rules.ts';
import type { EffectiveType } from '../../core/config/effective-config.ts';
import { resolveConfig, settingsOf, sourcesOf } from '../../core/config/effective-config.ts';
import { GlobalConfigSchema, TypeConfigSchema } from '../../core/config/settings.ts';
import type { TypeConfig } from '../../core/config/settings.ts';
import type { OutboundPolicy } from '../../core/outbound/url-policy.ts';
import { judgeUrl } from '../../core/outbound/url-policy.ts';
import { outboundPolicyOf } from '../../outbound/outbound-policy.ts';
import { registryOf } from '../../registry/registry-api.ts';
import type { App, AppEnv } from '../app-env.ts';
import { actorOf } from '../caller.ts';
import { useDocuments } from '../edge-config.ts';
import { etagOfDocument, ifMatch } from '../if-match.ts';
import { createRoute, jsonBody, jsonContentWith, problemDefault } from '../openapi-route.ts';
import type { ProblemResponse } from '../problem.ts';
import { problemResponse, toldOf } from '../problem.ts';
import {
  ConfigQuerySchema,
  ConfigTypeParamSchema,
  GlobalConfigAnswerSchema,
  TypeConfigAnswerSchema,
} from '../schemas/config.ts';

const tags = ['configuration'];
const headers = z.object({
  'if-match': z.string().optional().meta({ description: 'The ETag that the change is meant for.' }),
});
const ETagSchema = z.object({ etag: z.string().meta({ description: "The document's revision, for If-Match." }) });

const readGlobal = createRoute({
  method: 'get',
  path: '/v1/config',
  'x-permission': 'read',
  tags,
  summary: 'What is set for all types',
  request: { query: ConfigQuerySchema },
  responses: {
    200: jsonContentWith(GlobalConfigAnswerSchema, ETagSchema, 'The document as it was put, or what is in force'),
    ...problemDefault,
  },
});

const putGlobal = createRoute({
  method: 'put',
  path: '/v1/config',
  'x-permission': 'administer',
  tags,
  summary: 'Set for all types; honours If-Match',
  request: { headers, body: jsonBody(GlobalConfigSchema) },
  responses: { 200: jsonContentWith(GlobalConfigSchema, ETagSchema, 'The document'), ...problemDefault },
});

const readType = createRoute({
  method: 'get',
  path: '/v1/config/types/{type}',
  'x-permission': 'read',
  tags,
  summary: 'What is set for one type',
  request: { params: ConfigTypeParamSchema, query: ConfigQuerySchema },
  responses: {
    200: jsonContentWith(TypeConfigAnswerSchema, ETagSchema, 'The document as it was put, or what is in force'),
    ...problemDefault,
  },
});

const putType = createRoute({
  method: 'put',
  path: '/v1/config/types/{type}',
  'x-permission': 'administer',
  tags,
  summary: 'Set for one type, or add a type; honours If-Match',
  request: { params: ConfigTypeParamSchema, headers, body: jsonBody(TypeConfigSchema) },
  responses: {
    200: jsonContentWith(TypeConfigSchema, ETagSchema, 'The document'),
    201: jsonContentWith(TypeConfigSchema, ETagSchema, 'The document of a type that was not there before'),
    ...problemDefault,
  },
});

export function mountConfig(app: App): void {
  app.openapi(readGlobal, async (c) => {
    const documents = await coordinator().configDocuments();
    c.header('etag', etagOfDocument(documents.global));
    if (c.req.valid('query').effective === 'false') return c.json(documents.global.document, 200);
    const { global } = resolveConfig(documents);
    return c.json({ config: settingsOf(global), sources: sourcesOf(documents, null) }, 200);
  });

  app.openapi(putGlobal, async (c) => {
    const stored = await store(c, GLOBAL, c.req.valid('json'));
    return stored instanceof Response ? stored : c.json(stored.document, 200);
  });

  app.openapi(readType, async (c) => {
    const { type } = c.req.valid('param');
    const documents = await coordinator().configDocuments();
    const found = resolveConfig(documents).types.get(type);
    if (!found) return problemResponse(c, 'not-found', { detail: `there is no component type ${type}` });
    const held = documentOf(documents, { kind: 'type', type });
    c.header('etag', etagOfDocument(held));
    if (c.req.valid('query').effective === 'false') return c.json(held.document, 200);
    const config = { ...settingsOf(found.config), requestTypes: [...found.requestTypes] };
    return c.json({ config, sources: sourcesOf(documents, type) }, 200);
  });

  app.openapi(putType, async (c) => {
    const { type } = c.req.valid('param');
    const stored = await store(c, { kind: 'type', type }, c.req.valid('json'));
    if (stored instanceof Response) return stored;
    return stored.created ? c.json(stored.document, 201) : c.json(stored.document, 200);
  });
}

/** Stores a document and has it felt: here at once, in the registries behind the answer. */
async function store(
  c: Context<AppEnv>,
  scope: ConfigScope,
  document: TypeConfig,
): Promise<StoredConfig | ProblemResponse> {
  const ifRevision = ifMatch(c);
  if (ifRevision === undefined) return problemResponse(c, 'precondition-invalid');
  const errors = urlFaults(document, outboundPolicyOf(c.env));
  if (errors.length > 0) return problemResponse(c, 'endpoint-not-allowed', { errors });
  const stored = await coordinator().putConfig({ scope, document, ifRevision, actor: actorOf(c) });
  if (!stored.ok) {
    const faults = 'faults' in stored && stored.faults ? { errors: stored.faults } : {};
    return problemResponse(c, stored.reason, { ...toldOf(stored), ...faults });
  }
  const { types } = useDocuments(stored.value.documents);
  const concerned = Array.from(types.values()).filter(({ revision }) => revision === stored.value.revision);
  c.executionCtx.waitUntil(tellRegistries(concerned));
  c.header('etag', etagOfDocument(stored.value));
  return stored.value;
}

/** Every URL of a document that may not be called. */
function urlFaults({ canaryUrl, controller }: TypeConfig, policy: OutboundPolicy): ConfigFault[] {
  const places = { canaryUrl, 'controller.url': controller?.url };
  return Object.entries(places).flatMap(([path, url]) => {
    const judged = url == null ? null : judgeUrl(url, policy);
    return judged && !judged.ok ? [{ path, message: judged.message }] : [];
  });
}

/** Those that cannot be reached hear of it from the edges, or from the sweep. */
async function tellRegistries(types: readonly EffectiveType[]): Promise<void> {
  await Promise.allSettled(
    types.map(({ name, revision, overrides }) => registryOf(name).configure({ revision, overrides })),
  );
}
