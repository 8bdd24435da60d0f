/** Routes of configuration revisions at each level: list, read, compare, roll back. */
import type { Context } from 'hono';
import * as z from 'zod';
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import { toIso } from '../../core/component/resource.ts';
import { ComponentConfigSchema } from '../../core/config/component-config.ts';
import type { DocumentScope } from '../../core/config/config-documents.ts';
import { GLOBAL } from '../../core/config/config-documents.ts';
import type { RevisionEntry } from '../../core/config/config-revision.ts';
import { maxRevisions } from '../../core/config/config-revision.ts';
import { GlobalConfigSchema, TypeConfigSchema } from '../../core/config/settings.ts';
import { diffJson } from '../../core/json-diff.ts';
import type { JsonObject } from '../../core/json.ts';
import type { App, AppEnv } from '../http/app-env.ts';
import { createRoute, jsonBody, jsonContent, jsonContentWith, problemDefault } from '../http/openapi-route.ts';
import type { ProblemResponse } from '../http/problem.ts';
import { problemResponse } from '../http/problem.ts';
import { IdParamSchema, IfMatchSchema, PageQuerySchema } from '../schemas/common.ts';
import {
  ConfigDiffSchema,
  ConfigETagSchema,
  ConfigHistoryPageSchema,
  ConfigTypeParamSchema,
  DiffQuerySchema,
  ConfigRevisionDetailSchema,
  RevisionParamSchema,
  RollbackSchema,
} from '../schemas/config.ts';
import { rollBackConfig } from '../use-cases/store-config.ts';

interface Level {
  readonly path: string;
  /** Name of the document in OpenAPI summaries. */
  readonly documentName: string;
  readonly params: z.ZodObject;
  readonly document: z.ZodType;
  readonly scopeOf: (params: Readonly<Record<string, string>>) => DocumentScope;
}

const LEVELS: readonly Level[] = [
  {
    path: '/v1/config',
    documentName: 'global configuration',
    params: z.object({}),
    document: GlobalConfigSchema,
    scopeOf: () => GLOBAL,
  },
  {
    path: '/v1/config/types/{type}',
    documentName: 'type configuration',
    params: ConfigTypeParamSchema,
    document: TypeConfigSchema,
    scopeOf: ({ type }) => ({ kind: 'type', type: type! }),
  },
  {
    path: '/v1/config/components/{id}',
    documentName: 'component configuration',
    params: IdParamSchema,
    document: ComponentConfigSchema,
    scopeOf: ({ id }) => ({ kind: 'component', id: id! }),
  },
];

const tags = ['configuration'];
type C = Context<AppEnv>;

export function mountConfigHistory(app: App): void {
  for (const level of LEVELS) mountLevel(app, level);
}

function mountLevel(app: App, { path, documentName, params, document, scopeOf }: Level): void {
  // The route has validated the parameters.
  const at = (c: C): DocumentScope => scopeOf(c.req.param());
  const common = { tags, 'x-permission': 'read' } as const;

  const list = createRoute({
    ...common,
    method: 'get',
    path: `${path}/history`,
    summary: `List revisions of ${documentName}, newest first`,
    request: { params, query: PageQuerySchema },
    responses: { 200: jsonContent(ConfigHistoryPageSchema, 'A page of revisions'), ...problemDefault },
  });
  app.openapi(list, async (c) => {
    const { limit, cursor } = c.req.valid('query');
    if (cursor !== undefined && !/^[1-9]\d{0,14}$/.test(cursor))
      return problemResponse(c, 'invalid-request', {
        errors: [{ path: 'cursor', message: 'not a cursor of this list' }],
      });
    const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor);
    const found = await coordinator().configHistory(at(c), before, limit + 1);
    if (!found) return unknown(c, at(c));
    const items = found.slice(0, limit);
    const nextCursor = found.length > limit ? String(items.at(-1)!.revision) : null;
    return c.json({ items: items.map(toResource), nextCursor }, 200);
  });

  const read = createRoute({
    ...common,
    method: 'get',
    path: `${path}/history/{revision}`,
    summary: `Read revision of ${documentName}`,
    request: { params: params.extend(RevisionParamSchema.shape) },
    responses: { 200: jsonContent(ConfigRevisionDetailSchema, 'The revision with its document'), ...problemDefault },
  });
  app.openapi(read, async (c) => {
    const revision = Number(c.req.param('revision'));
    const found = await coordinator().configRevision(at(c), revision);
    if (!found) return missing(c, revision);
    return c.json({ ...toResource(found), document: found.document }, 200);
  });

  const compare = createRoute({
    ...common,
    method: 'get',
    path: `${path}/diff`,
    summary: `Compare revisions of ${documentName}`,
    request: { params, query: DiffQuerySchema },
    responses: { 200: jsonContent(ConfigDiffSchema, 'The difference as JSON Patch'), ...problemDefault },
  });
  app.openapi(compare, async (c) => {
    const compared = await diff(c, at(c), c.req.valid('query'));
    return compared instanceof Response ? compared : c.json(compared, 200);
  });

  const rollBack = createRoute({
    method: 'post',
    path: `${path}/rollback`,
    'x-permission': 'administer',
    tags,
    summary: `Roll back ${documentName}`,
    description: 'Stores the document of an earlier revision as a new revision. Honours If-Match.',
    request: { params, headers: IfMatchSchema, body: jsonBody(RollbackSchema) },
    responses: {
      200: jsonContentWith(
        document,
        ConfigETagSchema,
        'The document, under a new revision unless it was already current',
      ),
      ...problemDefault,
    },
  });
  app.openapi(rollBack, async (c) => {
    const stored = await rollBackConfig(c, at(c), c.req.valid('json').revision);
    return stored instanceof Response ? stored : c.json(stored.document, 200);
  });
}

async function diff(
  c: C,
  scope: DocumentScope,
  { from, to }: z.infer<typeof DiffQuerySchema>,
): Promise<z.infer<typeof ConfigDiffSchema> | ProblemResponse> {
  const system = coordinator();
  const current = await system.configAt(scope);
  if (!current) return unknown(c, scope);
  const newer = to ?? current.revision;
  const [previous] = from === undefined ? ((await system.configHistory(scope, newer, 1)) ?? []) : [];
  // The predecessor of the oldest stored revision is unknown once older revisions have been dropped.
  if (from === undefined && !previous && newer !== 0 && (await isFull(scope)))
    return problemResponse(c, 'not-found', { detail: `the revision before ${newer} is no longer stored; give from` });
  const older = from ?? previous?.revision ?? 0;
  const sides: JsonObject[] = [];
  for (const revision of [older, newer]) {
    // Revision 0 is the empty document before the first.
    const found = revision === 0 ? { document: {} } : await system.configRevision(scope, revision);
    if (!found) return missing(c, revision);
    sides.push(found.document);
  }
  return { from: older, to: newer, patch: diffJson(sides[0]!, sides[1]!) };
}

async function isFull(scope: DocumentScope): Promise<boolean> {
  const max = maxRevisions(scope);
  return ((await coordinator().configHistory(scope, Number.MAX_SAFE_INTEGER, max)) ?? []).length >= max;
}

const toResource = ({ revision, changedAt, changedBy, changed, restoredRevision }: RevisionEntry) => ({
  revision,
  changedAt: toIso(changedAt),
  changedBy,
  changed: changed && [...changed],
  restoredRevision,
});

const missing = (c: C, revision: number): ProblemResponse =>
  problemResponse(c, 'not-found', { detail: `revision ${revision} does not exist or is no longer stored` });

function unknown(c: C, scope: DocumentScope): ProblemResponse {
  if (scope.kind === 'component')
    return problemResponse(c, 'unknown-component', { detail: `${scope.id} is not registered` });
  return problemResponse(c, 'not-found', { detail: 'there is no such component type' });
}
