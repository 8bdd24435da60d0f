/** How a component was: a page of samples and transitions, newest first. */
import { percentOf } from '../../core/health/samples/availability.ts';
import { toIso } from '../../core/component/resource.ts';
import type { HistoryItem, HistoryPlace } from '../../registry/contract/history-api.ts';
import type { App } from '../http/app-env.ts';
import { decodePlace, encodePlace } from '../http/cursor.ts';
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
  summary: 'Samples and transitions of a component, newest first',
  request: { params: IdParamSchema, query: HistoryQuerySchema },
  responses: { 200: jsonContent(HistoryPageSchema, 'A page'), ...problemDefault },
});

export function mountComponentHistory(app: App): void {
  app.openapi(history, async (c) => {
    const { id } = c.req.valid('param');
    const { limit, cursor, from, to } = c.req.valid('query');
    const after = decodeCursor(cursor);
    if (after === undefined)
      return problemResponse(c, 'invalid-request', { errors: [{ path: 'cursor', message: 'not a cursor of ours' }] });
    const query = { after, limit, from: timeOf(from) ?? 0, to: timeOf(to) ?? Infinity };
    const found = await withRegistryOf(c.get('reach'), id, (registry, only) => registry.historyOf(id, query, only));
    if (!found.ok) return problemOf(c, found);
    const { items, next } = found.value;
    return c.json({ items: items.map(toItem), nextCursor: encodeCursor(next) }, 200);
  });
}

const timeOf = (timestamp: string | undefined): number | undefined =>
  timestamp === undefined ? undefined : Date.parse(timestamp);

const SAMPLE = 'sample';

const encodeCursor = (place: HistoryPlace | null): string | null =>
  encodePlace(place && { at: place.at, id: place.seq === null ? SAMPLE : String(place.seq) });

function decodeCursor(cursor: string | undefined): HistoryPlace | null | undefined {
  const place = decodePlace(cursor);
  if (!place) return place;
  if (place.id === SAMPLE) return { at: place.at, seq: null };
  return /^\d{1,15}$/.test(place.id) ? { at: place.at, seq: Number(place.id) } : undefined;
}

function toItem(item: HistoryItem) {
  if (item.kind === 'transition') return { ...item, at: toIso(item.at) };
  const { kind, at, forMs, status, checks, failed, minMs, meanMs, maxMs } = item;
  const responseTime =
    minMs === null || meanMs === null || maxMs === null
      ? null
      : { min: Math.round(minMs), mean: Math.round(meanMs), max: Math.round(maxMs) };
  return { kind, at: toIso(at), forMs, status, checks, failed, responseTime, availability: percentOf(item) };
}
