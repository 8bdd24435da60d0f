/** Snapshot of all components with an index, at once or as a blocking query on the index. */
import type { Context } from 'hono';
import * as z from 'zod';
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import type { EffectiveConfig } from '../../core/config/effective-config.ts';
import { isComponentType } from '../../core/config/effective-config.ts';
import { sleep } from '../../long-poll/sleep.ts';
import { succeedsWithin } from '../../long-poll/succeeds-within.ts';
import type { App, AppEnv } from '../http/app-env.ts';
import { waitUntilOf } from '../http/call.ts';
import { currentConfigWithType, currentConfigSince } from '../use-cases/current-config.ts';
import { entityIndex, etagOfIndex } from '../http/index-etag.ts';
import { withinLoad } from '../middleware/shed-load.ts';
import { createRoute, jsonContentWith, problemDefault } from '../http/openapi-route.ts';
import type { ProblemResponse } from '../http/problem.ts';
import { problemResponse } from '../http/problem.ts';
import type { SnapshotScope } from '../use-cases/read-snapshot.ts';
import { readSnapshot, watchOf } from '../use-cases/read-snapshot.ts';
import type { LimitedReader } from '../../long-poll/reader-limit.ts';
import { ReaderLimit } from '../../long-poll/reader-limit.ts';
import { integerText } from '../schemas/common.ts';
import { SnapshotHeadersSchema, SnapshotSchema } from '../schemas/snapshot.ts';
import { sharedSnapshot } from '../use-cases/shared-snapshots.ts';

const MAX_WAIT_MS = 300_000;

const snapshot = createRoute({
  method: 'get',
  path: '/v1/snapshot',
  'x-permission': 'read',
  tags: ['system'],
  summary: 'Read snapshot',
  description:
    'All components with an index. With `index` and `wait`, a blocking query: the response comes when the index has ' +
    'changed. The index is the revision of the `type`, or without a type the sequence of the event log. It changes with ' +
    'membership, health, lifecycle and configuration, not with load. It may decrease after a restore of storage.',
  request: {
    query: z.object({
      type: z.string().max(64).optional(),
      index: integerText(0).optional().meta({
        description: 'Index that the caller has. The response is 304 while that index is current.',
      }),
      wait: integerText(0, MAX_WAIT_MS).default(0).meta({
        description: 'Maximum time to wait for another index, ms. Up to a sixteenth longer, so that readers spread.',
      }),
    }),
  },
  responses: {
    200: jsonContentWith(SnapshotSchema, SnapshotHeadersSchema, 'The components, at least as recent as the index'),
    304: { description: 'The index has not changed' },
    ...problemDefault,
  },
});

const readerLimit = new ReaderLimit({ all: 1_000, perHolder: 600 });
/** Delay that turns a burst of changes into one response and spreads readers that wake together. */
const SETTLE_MS = { least: 10, spread: 40 };
const REVISION_TIMEOUT_MS = 1_000;

export function mountSnapshot(app: App): void {
  app.openapi(snapshot, async (c) => {
    const { type = null, index: knownIndex, wait } = c.req.valid('query');
    const isKnown = (known: EffectiveConfig): boolean => type === null || isComponentType(known, type);
    const config = await currentConfigWithType(c, isKnown);
    if (!isKnown(config)) {
      return problemResponse(c, 'unknown-type', {
        errors: [{ path: 'type', message: `there is no component type ${type}` }],
      });
    }
    const scope: SnapshotScope = { type, readTypes: () => (type === null ? typesOf(c) : Promise.resolve([type])) };
    const index = knownIndex ?? entityIndex(c.req.header('if-none-match'));
    const reader = readerLimit.enter(c.get('principal').accountId, waitUntilOf(c));
    if (typeof reader === 'string') return problemResponse(c, reader, { retryAfterSeconds: 5 });
    const waitMs = c.req.method === 'HEAD' ? 0 : wait + Math.random() * (wait / 16);
    const response = index === null ? respondNow(c, scope, reader) : respondAfter(c, scope, { index, waitMs, reader });
    return await response.finally(() => readerLimit.leave(reader));
  });
}

/** The current types: a type that was just configured may already have components. */
async function typesOf(c: Context<AppEnv>): Promise<string[]> {
  return [...(await currentConfigSince(c, Date.now())).types.keys()];
}

async function respondNow(c: Context<AppEnv>, scope: SnapshotScope, reader: LimitedReader): Promise<Response> {
  return withinLoad(c, async () => respondWith(c, scope, await readSnapshot(scope, reader)));
}

async function respondAfter(
  c: Context<AppEnv>,
  scope: SnapshotScope,
  { index, waitMs, reader }: { readonly index: number; readonly waitMs: number; readonly reader: LimitedReader },
): Promise<Response> {
  const startedAt = Date.now();
  const waited = await watchOf(scope).waitBeyond(index, startedAt + waitMs, reader);
  if (waited.kind === 'unreachable') return unavailable(c, scope);
  if (waited.kind === 'unmoved') {
    c.header('etag', etagOfIndex(index));
    return c.body(null, 304);
  }
  const since = Date.now();
  if (since - startedAt > SETTLE_MS.least + SETTLE_MS.spread)
    await sleep(SETTLE_MS.least + Math.random() * SETTLE_MS.spread);
  const shared = await sharedSnapshot(scope, { index: waited.index, since }, reader);
  return shared === 'own' ? respondNow(c, scope, reader) : respondWith(c, scope, shared);
}

async function respondWith(
  c: Context<AppEnv>,
  scope: SnapshotScope,
  read: Awaited<ReturnType<typeof readSnapshot>>,
): Promise<Response> {
  if (!read) return unavailable(c, scope);
  c.header('content-type', 'application/json');
  c.header('etag', etagOfIndex(read.index));
  c.header('vary', 'accept-encoding');
  // The platform compresses JSON responses by accept-encoding, but no event streams.
  if (c.req.method !== 'HEAD' || typeof read.body === 'string') return c.body(read.body, 200);
  // The body of a HEAD response is never read, and the stream would stay open.
  await read.body.cancel();
  return c.body(null, 200);
}

/** A problem with the last known index. An empty list would tell readers that there are no components. */
async function unavailable(c: Context<AppEnv>, { type }: SnapshotScope): Promise<ProblemResponse> {
  const { known } = watchOf({ type });
  const reportedRevision = type === null ? null : await readReportedRevision(type);
  const lastIndex = known === null ? reportedRevision : Math.max(known, reportedRevision ?? 0);
  return problemResponse(c, 'snapshot-unavailable', { position: { lastIndex }, retryAfterSeconds: 2 });
}

async function readReportedRevision(type: string): Promise<number | null> {
  try {
    const revision = coordinator().reportedRevision(type);
    return (await succeedsWithin(revision, REVISION_TIMEOUT_MS)) ? await revision : null;
  } catch {
    // The coordinator is unreachable, so the index is unknown.
    return null;
  }
}
