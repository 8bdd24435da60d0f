/** Earlier revisions of the documents at each level: listed, read, compared, brought back. */
import type { Context } from 'hono';
import * as z from 'zod';
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import { toIso } from '../../core/component/resource.ts';
import { ComponentConfigSchema } from '../../core/config/component-config.ts';
import type { DocumentScope } from '../../core/config/config-documents.ts';
import { GLOBAL } from '../../core/config/config-documents.ts';
import type { RevisionEntry } from '../../core/config/config-revision.ts';
import { revisionsKept } from '../../core/config/config-revision.ts';
import { GlobalConfigSchema, TypeConfigSchema } from '../../core/config/settings.ts';
import { diffJson } from '../../core/json-diff.ts';
import type { JsonObject } from '../../core/json.ts';
import type { App, AppEnv } from '../http/app-env.ts';
import { createRoute, jsonBody, jsonContent, jsonContentWith, problemDefault } from '../http/openapi-route.ts';
import type { ProblemResponse } from '../http/problem.ts';
import { problemResponse } from '../http/problem.ts';
import { IdParamSchema, PageQuerySchema } from '../schemas/common.ts';
import {
  ConfigDiffSchema,
  ConfigETagSchema,
  ConfigHistoryPageSchema,
  ConfigTypeParamSchema,
  DiffQuerySchema,
  IfMatchSchema,
  KeptConfigSchema,
  RevisionParamSchema,
  RollbackSchema,
} from '../schemas/config.ts';
import { rollBackConfig } from '../use-cases/store-config.ts';

interface Level {
  readonly path: string;
  /** As summaries say it. */
  readonly what: string;
  readonly params: z.ZodObject;
  readonly document: z.ZodType;
  readonly scopeOf: (params: Readonly<Record<string, string>>) => DocumentScope;
}

const LEVELS: readonly Level[] = [
  {
    path: '/v1/config',
    what: 'what is set for all types',
    params: z.object({}),
    document: GlobalConfigSchema,
    scopeOf: () => GLOBAL,
  },
  {
    path: '/v1/config/types/{type}',
    what: 'what is set for one type',
    params: ConfigTypeParamSchema,
    document: TypeConfigSchema,
    scopeOf: ({ type }) => ({ kind: 'type', type: type! }),
  },
  {
    path: '/v1/config/components/{id}',
    what: 'what is set for one component',
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

function mountLevel(app: App, { path, what, params, document, scopeOf }: Level): void {
  // Validated before: the parameters of a path are text.
  const at = (c: C): DocumentScope => scopeOf(c.req.param());
  const common = { tags, 'x-permission': 'read' } as const;

  const list = createRoute({
    ...common,
    method: 'get',
    path: `${path}/history`,
    summary: `Revisions of ${what}, the newest first`,
    request: { params, query: PageQuerySchema },
    responses: { 200: jsonContent(ConfigHistoryPageSchema, 'A page'), ...problemDefault },
  });
  app.openapi(list, async (c) => {
    const { limit, cursor } = c.req.valid('query');
    if (cursor !== undefined && !/^[1-9]\d{0,14}$/.test(cursor))
      return problemResponse(c, 'invalid-request', { errors: [{ path: 'cursor', message: 'not a cursor of ours' }] });
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
    summary: `An earlier revision of ${what}`,
    request: { params: params.extend(RevisionParamSchema.shape) },
    responses: { 200: jsonContent(KeptConfigSchema, 'The document then'), ...problemDefault },
  });
  app.openapi(read, async (c) => {
    const revision = Number(c.req.param('revision'));
    const kept = await coordinator().configRevision(at(c), revision);
    if (!kept) return missing(c, revision);
    return c.json({ ...toResource(kept), document: kept.document }, 200);
  });

  const compare = createRoute({
    ...common,
    method: 'get',
    path: `${path}/diff`,
    summary: `How one revision of ${what} became another`,
    request: { params, query: DiffQuerySchema },
    responses: { 200: jsonContent(ConfigDiffSchema, 'The difference'), ...problemDefault },
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
    summary: `Put an earlier revision of ${what} anew; honours If-Match`,
    request: { params, headers: IfMatchSchema, body: jsonBody(RollbackSchema) },
    responses: {
      200: jsonContentWith(document, ConfigETagSchema, 'The document; under a new revision unless it was so already'),
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
  // Of the oldest that is kept nobody can say any more what came before it, unless all are.
  if (from === undefined && !previous && newer !== 0 && (await isFull(scope)))
    return problemResponse(c, 'not-found', { detail: `what came before ${newer} is not kept any more; say from` });
  const older = from ?? previous?.revision ?? 0;
  const sides: JsonObject[] = [];
  for (const revision of [older, newer]) {
    // Before the first there was nothing.
    const kept = revision === 0 ? { document: {} } : await system.configRevision(scope, revision);
    if (!kept) return missing(c, revision);
    sides.push(kept.document);
  }
  return { from: older, to: newer, patch: diffJson(sides[0]!, sides[1]!) };
}

async function isFull(scope: DocumentScope): Promise<boolean> {
  const most = revisionsKept(scope);
  return ((await coordinator().configHistory(scope, Number.MAX_SAFE_INTEGER, most)) ?? []).length >= most;
}

const toResource = ({ revision, changedAt, changedBy, changed, restores }: RevisionEntry) => ({
  revision,
  changedAt: toIso(changedAt),
  changedBy,
  changed: changed && [...changed],
  restores,
});

const missing = (c: C, revision: number): ProblemResponse =>
  problemResponse(c, 'not-found', { detail: `there is no revision ${revision} of it any more, or never was` });

function unknown(c: C, scope: DocumentScope): ProblemResponse {
  if (scope.kind === 'component')
    return problemResponse(c, 'unknown-component', { detail: `${scope.id} is not registered` });
  return problemResponse(c, 'not-found', { detail: 'there is no such component type' });
}
