/** Effective configuration of a component with its sources, at once or as a blocking query on its revision. */
import type { Context } from 'hono';
import { COMPONENT_SETTINGS } from '../../core/config/component-config.ts';
import type { ConfigLevels } from '../../core/config/config-levels.ts';
import { configAt, revisionAt, settingSourcesAt, valueSourcesAt, valuesAt } from '../../core/config/config-levels.ts';
import { ownerFilter } from '../../core/access/permission.ts';
import type { App, AppEnv } from '../http/app-env.ts';
import { waitUntilOf } from '../http/call.ts';
import { etagOfDocument } from '../http/version-condition.ts';
import { authenticate } from '../middleware/authenticate.ts';
import { withinLoad } from '../middleware/shed-load.ts';
import { createRoute, jsonContentWith, problemDefault } from '../http/openapi-route.ts';
import type { ProblemResponse } from '../http/problem.ts';
import { problemResponse } from '../http/problem.ts';
import type { LimitedReader } from '../../long-poll/reader-limit.ts';
import { ReaderLimit } from '../../long-poll/reader-limit.ts';
import { IdParamSchema } from '../schemas/common.ts';
import type { EffectiveComponentConfigResource } from '../schemas/config.ts';
import { ConfigETagSchema, EffectiveComponentConfigSchema, WaitQuerySchema } from '../schemas/config.ts';
import { waitForConfig } from '../use-cases/wait-for-config.ts';

const read = createRoute({
  method: 'get',
  path: '/v1/components/{id}/config',
  'x-permission': 'read-component',
  tags: ['configuration'],
  summary: 'Read effective configuration of component',
  description: 'With `revision` and `wait`, a blocking query: the response comes when the revision has changed.',
  request: { params: IdParamSchema, query: WaitQuerySchema },
  responses: {
    200: jsonContentWith(EffectiveComponentConfigSchema, ConfigETagSchema, 'Settings and values with their sources'),
    304: { description: 'The revision has not changed' },
    ...problemDefault,
  },
});

/** After a wait of this length the key is checked again: it may have been revoked meanwhile. */
const REAUTHENTICATE_AFTER_MS = 1_000;

/** Every change wakes every waiter, so their number is limited. */
const waiterLimit = new ReaderLimit({ all: 1_000, perHolder: 200 });

export function mountComponentConfig(app: App): void {
  app.openapi(read, async (c) => {
    const { id } = c.req.valid('param');
    const { revision = null, wait = 0 } = c.req.valid('query');
    const waiter = waiterLimit.enter(c.get('principal').keyId, waitUntilOf(c));
    if (typeof waiter === 'string') return problemResponse(c, waiter, { retryAfterSeconds: 5 });
    const work = () => respond(c, { id, revision, wait, waiter });
    const response = (revision === null ? withinLoad(c, work) : work()).finally(() => waiterLimit.leave(waiter));
    // A caller that hangs up must not stay counted.
    c.executionCtx.waitUntil(response);
    return response;
  });
}

interface ConfigRead {
  readonly id: string;
  readonly revision: number | null;
  readonly wait: number;
  readonly waiter: LimitedReader;
}

async function respond(
  c: Context<AppEnv>,
  { id, revision, wait, waiter }: ConfigRead,
): Promise<Response | ProblemResponse> {
  const owner = ownerFilter(c.get('accessScope'), id);
  if (owner === undefined) return unknown(c, id);
  const startedAt = Date.now();
  const mayWait = revision !== null && c.req.method === 'GET';
  // Jitter, so that readers that arrive together do not return together.
  const until = startedAt + (mayWait ? wait + Math.random() * (wait / 16) : 0);
  const waited = await waitForConfig({ id, ownerFilter: owner, knownRevision: revision }, until, waiter);
  if (Date.now() - startedAt >= REAUTHENTICATE_AFTER_MS) {
    const denied = await authenticate(c);
    if (denied) return denied;
  }
  switch (waited.kind) {
    case 'unknown-component':
      return unknown(c, id);
    case 'unreachable': {
      const last = revision === null ? '' : `; the last known revision is ${revision}`;
      const detail = `the configuration cannot be read right now${last}`;
      return problemResponse(c, 'temporarily-unavailable', { detail, retryAfterSeconds: 2 });
    }
    case 'unchanged':
      c.header('etag', etagOfDocument({ revision: revision! }));
      return c.body(null, 304);
    case 'levels': {
      const resource = toResource(waited.type, waited.levels);
      c.header('etag', etagOfDocument(resource));
      return c.json(resource, 200);
    }
    default:
      return waited satisfies never;
  }
}

const unknown = (c: Context<AppEnv>, id: string): ProblemResponse =>
  problemResponse(c, 'unknown-component', { detail: `${id} is not registered` });

/** Picks the settings that apply to a component. */
const pickComponentSettings = <T extends object>(all: T) =>
  Object.fromEntries(COMPONENT_SETTINGS.map((name) => [name, all[name as keyof T]]));

function toResource(type: string, levels: ConfigLevels): EffectiveComponentConfigResource {
  const [config, sources, values] = [configAt(levels), settingSourcesAt(levels), valuesAt(levels)];
  return {
    revision: revisionAt(levels),
    type,
    config: pickComponentSettings(config) as EffectiveComponentConfigResource['config'],
    sources: pickComponentSettings(sources),
    values,
    valueSources: valueSourcesAt(levels, values),
  };
}
