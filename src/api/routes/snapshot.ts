/** The state of the fleet with an index, at once or when the index has moved (a blocking query). */
import type { Context } from 'hono';
import * as z from 'zod';
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import type { EffectiveConfig } from '../../core/config/effective-config.ts';
import { isComponentType } from '../../core/config/effective-config.ts';
import { sleep } from '../../long-poll/sleep.ts';
import { settlesWithin } from '../../long-poll/with-timeout.ts';
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
import { ConcurrencyLimit } from '../../long-poll/reader-limit.ts';
import { SnapshotHeadersSchema, SnapshotSchema } from '../schemas/snapshot.ts';
import { sharedSnapshot } from '../use-cases/shared-snapshots.ts';

const MAX_WAIT_MS = 300_000;

const snapshot = createRoute({
  method: 'get',
  path: '/v1/snapshot',
  'x-permission': 'read',
  tags: ['system'],
  summary: 'All components with an index; with `index` and `wait` when that index has moved',
  description:
    'The index is the revision of the `type`, without one the sequence of the event log. It moves with membership, ' +
    'health, lifecycle and configuration, not with load, and may go back where storage was set back.',
  request: {
    query: z.object({
      type: z.string().max(64).optional(),
      index: z.coerce.number<string>().int().min(0).optional().meta({
        description: 'The index that the caller has: 304 while it is the current one.',
      }),
      wait: z.coerce.number<string>().int().min(0).max(MAX_WAIT_MS).default(0).meta({
        description: 'How long to wait for another index, ms; up to a sixteenth longer, so that readers come apart.',
      }),
    }),
  },
  responses: {
    200: jsonContentWith(
      SnapshotSchema,
      SnapshotHeadersSchema,
      'The components, and an index that they are not behind',
    ),
    304: { description: 'The index has not moved' },
    ...problemDefault,
  },
});

const room = new ConcurrencyLimit({ all: 1_000, ofKey: 600 });
/** A burst of changes is one answer, and readers that wake together come apart. */
const SETTLE_MS = { least: 10, spread: 40 };
const TOLD_WITHIN_MS = 1_000;

export function mountSnapshot(app: App): void {
  app.openapi(snapshot, async (c) => {
    const { type = null, index: given, wait } = c.req.valid('query');
    const isKnown = (known: EffectiveConfig): boolean => type === null || isComponentType(known, type);
    const config = await currentConfigWithType(c, isKnown);
    if (!isKnown(config)) {
      return problemResponse(c, 'unknown-type', {
        errors: [{ path: 'type', message: `there is no component type ${type}` }],
      });
    }
    const scope: SnapshotScope = { type, typesNow: () => (type === null ? typesOf(c) : Promise.resolve([type])) };
    const index = given ?? entityIndex(c.req.header('if-none-match'));
    const reader = room.enter(c.get('principal').keyId, waitUntilOf(c));
    if (typeof reader === 'string') return problemResponse(c, reader, { retryAfterSeconds: 5 });
    const waitMs = c.req.method === 'HEAD' ? 0 : wait + Math.random() * (wait / 16);
    const answering = index === null ? answerNow(c, scope, reader) : answerBeyond(c, scope, { index, waitMs, reader });
    return await answering.finally(() => room.leave(reader));
  });
}

/** As they are now: of one that was configured a moment ago there may be components by then. */
async function typesOf(c: Context<AppEnv>): Promise<string[]> {
  return [...(await currentConfigSince(c, Date.now())).types.keys()];
}

async function answerNow(c: Context<AppEnv>, scope: SnapshotScope, reader: LimitedReader): Promise<Response> {
  return withinLoad(c, async () => answerWith(c, scope, await readSnapshot(scope, reader)));
}

async function answerBeyond(
  c: Context<AppEnv>,
  scope: SnapshotScope,
  { index, waitMs, reader }: { readonly index: number; readonly waitMs: number; readonly reader: LimitedReader },
): Promise<Response> {
  const beganAt = Date.now();
  const waited = await watchOf(scope).waitBeyond(index, beganAt + waitMs, reader);
  if (waited.kind === 'unreachable') return unavailable(c, scope);
  if (waited.kind === 'unmoved') {
    c.header('etag', etagOfIndex(index));
    return c.body(null, 304);
  }
  const since = Date.now();
  if (since - beganAt > SETTLE_MS.least + SETTLE_MS.spread)
    await sleep(SETTLE_MS.least + Math.random() * SETTLE_MS.spread);
  const shared = await sharedSnapshot(scope, { index: waited.index, since }, reader);
  return shared === 'own' ? answerNow(c, scope, reader) : answerWith(c, scope, shared);
}

async function answerWith(
  c: Context<AppEnv>,
  scope: SnapshotScope,
  read: Awaited<ReturnType<typeof readSnapshot>>,
): Promise<Response> {
  if (!read) return unavailable(c, scope);
  c.header('content-type', 'application/json');
  c.header('etag', etagOfIndex(read.index));
  c.header('vary', 'accept-encoding');
  // Compressed by the platform, by what the caller takes: it does so with JSON, and not with event streams.
  if (c.req.method !== 'HEAD' || typeof read.body === 'string') return c.body(read.body, 200);
  // Nobody reads the body of a head, nor says so.
  await read.body.cancel();
  return c.body(null, 200);
}

/** Never an empty answer in the place of one that nobody can give. */
async function unavailable(c: Context<AppEnv>, { type }: SnapshotScope): Promise<ProblemResponse> {
  const { known } = watchOf({ type });
  const told = type === null ? null : await toldRevision(type);
  const lastIndex = known === null ? told : Math.max(known, told ?? 0);
  return problemResponse(c, 'snapshot-unavailable', { place: { lastIndex }, retryAfterSeconds: 2 });
}

async function toldRevision(type: string): Promise<number | null> {
  try {
    const asked = coordinator().toldRevision(type);
    return (await settlesWithin(asked, TOLD_WITHIN_MS)) ? await asked : null;
  } catch {
    // Then it is not known.
    return null;
  }
}
