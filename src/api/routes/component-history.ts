/** Route of the health history of a component. */
import { percentOf } from '../../core/health/samples/availability.ts';
import { toIso } from '../../core/component/resource.ts';
import type { HistoryItem, HistoryCursor } from '../../registry/contract/history-api.ts';
import type { App } from '../http/app-env.ts';
import { decodeListCursor, encodeListCursor } from '../http/cursor.ts';
import { withRegistryOf } from '../../edge/directory-cache.ts';
import { createRoute, jsonContent, problemDefault } from '../http/openapi-route.ts';
import { problemResponse, problemOf } from '../http/problem.ts';
import { IdParamSchema } from '../schemas/common.ts';
import { HistoryPageSchema, HistoryQuerySchema } from '../schemas/history.ts';

const history = createRoute({
  method: 'get',
  path: '/v1/components/{id}/history',
  'x-permission': 'read-component',
  tags: ['health'],
  summary: 'List health history',
  description: 'Samples and transitions of a component, newest first.',
  request: { params: IdParamSchema, query: HistoryQuerySchema },
  responses: { 200: jsonContent(HistoryPageSchema, 'A page of samples and transitions'), ...problemDefault },
});

export function mountComponentHistory(app: App): void {
  app.openapi(history, async (c) => {
    const { id } = c.req.valid('param');
    const { limit, cursor, from, to } = c.req.valid('query');
    const after = decodeCursor(cursor);
    if (after === undefined)
      return problemResponse(c, 'invalid-request', {
        errors: [{ path: 'cursor', message: 'not a cursor of this list' }],
      });
    const query = { after, limit, from: timeOf(from) ?? 0, to: timeOf(to) ?? Infinity };
    const found = await withRegistryOf(c.get('accessScope'), id, (registry, only) =>
      registry.historyOf(id, query, only),
    );
    if (!found.ok) return problemOf(c, found);
    const { items, next } = found.value;
    return c.json({ items: items.map(toItem), nextCursor: encodeCursor(next) }, 200);
  });
}

const timeOf = (timestamp: string | undefined): number | undefined =>
  timestamp === undefined ? undefined : Date.parse(timestamp);

const SAMPLE = 'sample';

const encodeCursor = (position: HistoryCursor | null): string | null =>
  encodeListCursor(position && { at: position.at, id: position.seq === null ? SAMPLE : String(position.seq) });

function decodeCursor(cursor: string | undefined): HistoryCursor | null | undefined {
  const position = decodeListCursor(cursor);
  if (!position) return position;
  if (position.id === SAMPLE) return { at: position.at, seq: null };
  return /^\d{1,15}$/.test(position.id) ? { at: position.at, seq: Number(position.id) } : undefined;
}

function toItem(item: HistoryItem) {
  if (item.kind === 'transition') return { ...item, at: toIso(item.at) };
  const { kind, at, durationMs, status, checks, failed, minMs, meanMs, maxMs } = item;
  const responseTime =
    minMs === null || meanMs === null || maxMs === null
      ? null
      : { min: Math.round(minMs), mean: Math.round(meanMs), max: Math.round(maxMs) };
  return { kind, at: toIso(at), durationMs, status, checks, failed, responseTime, availability: percentOf(item) };
}
