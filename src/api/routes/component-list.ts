/** Route that lists components of all types. */
import type { EffectiveConfig } from '../../core/config/effective-config.ts';
import { isComponentType } from '../../core/config/effective-config.ts';
import type { ComponentResource } from '../../core/component/resource.ts';
import { MAX_PAGE_BYTES } from '../../core/bounded-page.ts';
import type { ComponentQuery } from '../../registry/contract/registry-api.ts';
import { registryOf } from '../../registry/contract/registry-api.ts';
import type { App } from '../http/app-env.ts';
import { currentConfigWithType } from '../use-cases/current-config.ts';
import { createRoute, jsonContent, problemDefault } from '../http/openapi-route.ts';
import { problemResponse } from '../http/problem.ts';
import { ComponentPageSchema, ComponentQuerySchema } from '../schemas/component.ts';

const list = createRoute({
  method: 'get',
  path: '/v1/components',
  'x-permission': 'read',
  tags: ['components'],
  summary: 'List components',
  description: 'Components with health and load. The filter `metadata.KEY=value` selects by metadata.',
  request: { query: ComponentQuerySchema },
  responses: { 200: jsonContent(ComponentPageSchema, 'A page of components, by type and id'), ...problemDefault },
});

const METADATA_PREFIX = 'metadata.';

export function mountComponentList(app: App): void {
  app.openapi(list, async (c) => {
    const { limit, cursor, type, status, lifecycle, location, capability, ...rest } = c.req.valid('query');
    const unknown = Object.keys(rest).find((name) => !name.startsWith(METADATA_PREFIX));
    if (unknown !== undefined)
      return problemResponse(c, 'invalid-request', {
        errors: [{ path: unknown.slice(0, 128), message: 'unknown filter' }],
      });
    const isKnown = (known: EffectiveConfig): boolean => type === undefined || isComponentType(known, type);
    const config = await currentConfigWithType(c, isKnown);
    if (!isKnown(config)) {
      return problemResponse(c, 'unknown-type', {
        errors: [{ path: 'type', message: `there is no component type ${type}` }],
      });
    }
    const from = readCursor(cursor, config);
    if (!from)
      return problemResponse(c, 'invalid-request', {
        errors: [{ path: 'cursor', message: 'not a cursor of this list' }],
      });

    const metadata = Object.fromEntries(
      Object.entries(rest).map(([name, value]) => [name.slice(METADATA_PREFIX.length), value]),
    );
    const query = { limit, status, lifecycle, location, capability, metadata };
    const { items, more } = await collect(type === undefined ? [...config.types.keys()] : [type], from, query);
    const last = items.at(-1);
    const nextCursor = more && last ? btoa(`${last.type}/${last.id}`) : null;
    return c.json({ items, nextCursor }, 200);
  });
}

interface From {
  readonly type: string;
  readonly id: string;
}

const START: From = { type: '', id: '' };

/**
 * Reads the registries from the cursor on, in the fixed order of types, with ascending ids in each. The calls are
 * sequential: parallel calls would read a page per type and discard most of them.
 */
async function collect(
  types: readonly string[],
  from: From,
  query: Omit<ComponentQuery, 'after' | 'maxBytes'>,
): Promise<{ items: ComponentResource[]; more: boolean }> {
  const start = from.type === '' ? 0 : Math.max(0, types.indexOf(from.type));
  const items: ComponentResource[] = [];
  let bytes = 0;
  for (const type of types.slice(start)) {
    const maxBytes = MAX_PAGE_BYTES - bytes;
    // A full page only needs to know whether more follows.
    const limit = maxBytes > 0 ? query.limit - items.length : 0;
    const after = type === from.type ? from.id : null;
    const page = await registryOf(type).components({ ...query, limit, maxBytes, after });
    items.push(...page.items);
    bytes += page.bytes;
    if (page.more) return { items, more: true };
  }
  return { items, more: false };
}

function readCursor(cursor: string | undefined, config: EffectiveConfig): From | undefined {
  if (cursor === undefined) return START;
  try {
    const [type = '', id = ''] = atob(cursor).split('/');
    return isComponentType(config, type) && id !== '' ? { type, id } : undefined;
  } catch {
    // Not base64, so no cursor of this list.
    return undefined;
  }
}
