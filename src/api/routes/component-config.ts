/** What is in force for a component, explained, at once or when it is not of the revision that the caller has. */
import type { Context } from 'hono';
import { COMPONENT_SETTINGS } from '../../core/config/component-config.ts';
import type { ConfigLevels } from '../../core/config/config-levels.ts';
import { configAt, revisionAt, settingSourcesAt, valueSourcesAt, valuesAt } from '../../core/config/config-levels.ts';
import { ownerFilter } from '../../core/access/permission.ts';
import type { App, AppEnv } from '../http/app-env.ts';
import { waitUntilOf } from '../http/call.ts';
import { etagOfDocument } from '../http/if-match.ts';
import { authenticate } from '../middleware/authenticate.ts';
import { withinLoad } from '../middleware/shed-load.ts';
import { createRoute, jsonContentWith, problemDefault } from '../http/openapi-route.ts';
import type { ProblemResponse } from '../http/problem.ts';
import { problemResponse } from '../http/problem.ts';
import type { LimitedReader } from '../../long-poll/reader-limit.ts';
import { ConcurrencyLimit } from '../../long-poll/reader-limit.ts';
import { IdParamSchema } from '../schemas/common.ts';
import type { EffectiveComponentConfigResource } from '../schemas/config.ts';
import { ConfigETagSchema, EffectiveComponentConfigSchema, WaitQuerySchema } from '../schemas/config.ts';
import { waitForConfig } from '../use-cases/wait-for-config.ts';

const read = createRoute({
  method: 'get',
  path: '/v1/components/{id}/config',
  'x-permission': 'read-component',
  tags: ['configuration'],
  summary: 'What is in force for a component; with `revision` and `wait` when it has changed',
  request: { params: IdParamSchema, query: WaitQuerySchema },
  responses: {
    200: jsonContentWith(EffectiveComponentConfigSchema, ConfigETagSchema, 'Settings and values, and who set them'),
    304: { description: 'It is of that revision still' },
    ...problemDefault,
  },
});

/** The copy of the keys that the caller was let in by may be older than this by then. */
const CHECK_AGAIN_AFTER_MS = 1_000;

/** Each looks again after every change. */
const room = new ConcurrencyLimit({ all: 1_000, ofKey: 200 });

export function mountComponentConfig(app: App): void {
  app.openapi(read, async (c) => {
    const { id } = c.req.valid('param');
    const { revision = null, wait = 0 } = c.req.valid('query');
    const waiter = room.enter(c.get('principal').keyId, waitUntilOf(c));
    if (typeof waiter === 'string') return problemResponse(c, waiter, { retryAfterSeconds: 5 });
    const work = () => answer(c, { id, revision, wait, waiter });
    const answering = (revision === null ? withinLoad(c, work) : work()).finally(() => room.leave(waiter));
    // A caller that hangs up must not stay counted.
    c.executionCtx.waitUntil(answering);
    return answering;
  });
}

interface Asked {
  readonly id: string;
  readonly revision: number | null;
  readonly wait: number;
  readonly waiter: LimitedReader;
}

async function answer(c: Context<AppEnv>, { id, revision, wait, waiter }: Asked): Promise<Response | ProblemResponse> {
  const only = ownerFilter(c.get('reach'), id);
  if (only === undefined) return unknown(c, id);
  const beganAt = Date.now();
  const mayWait = revision !== null && c.req.method === 'GET';
  // So that those who came together come apart.
  const until = beganAt + (mayWait ? wait + Math.random() * (wait / 16) : 0);
  const waited = await waitForConfig({ id, only, unless: revision }, until, waiter);
  if (Date.now() - beganAt >= CHECK_AGAIN_AFTER_MS) {
    const refused = await authenticate(c);
    if (refused) return refused;
  }
  switch (waited.kind) {
    case 'unknown-component':
      return unknown(c, id);
    case 'unreachable': {
      const last = revision === null ? '' : `; the last revision known to you is ${revision}`;
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

/** Of the settings those that a component has. */
const only = <T extends object>(all: T) =>
  Object.fromEntries(COMPONENT_SETTINGS.map((name) => [name, all[name as keyof T]]));

function toResource(type: string, levels: ConfigLevels): EffectiveComponentConfigResource {
  const [config, sources, values] = [configAt(levels), settingSourcesAt(levels), valuesAt(levels)];
  return {
    revision: revisionAt(levels),
    type,
    config: only(config) as EffectiveComponentConfigResource['config'],
    sources: only(sources),
    values,
    valueSources: valueSourcesAt(levels, values),
  };
}
