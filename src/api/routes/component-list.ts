/** Route that lists components of all types. */
import type { EffectiveConfig } from '../../core/config/effective-config.ts';
import { isComponentType } from '../../core/config/effective-config.ts';
import type { App } from '../http/app-env.ts';
import { currentConfigWithType } from '../use-cases/current-config.ts';
import { decodeListPosition, encodeListPosition, listComponents } from '../use-cases/list-components.ts';
import { createRoute, jsonContent, problemDefault } from '../http/openapi-route.ts';
import { problemResponse } from '../http/problem.ts';
import { ComponentPageSchema, ComponentQuerySchema } from '../schemas/component.ts';

const list = createRoute({
  method: 'get',
  path: '/v1/components',
  'x-permission': 'read',
  tags: ['components'],
  summary: 'List components',
  description:
    'Components with health and load. The filter `metadata.KEY=value` selects by metadata. A component whose status ' +
    'changes while a reader pages by severity may appear twice or not at all.',
  request: { query: ComponentQuerySchema },
  responses: { 200: jsonContent(ComponentPageSchema, 'A page of components'), ...problemDefault },
});

const METADATA_PREFIX = 'metadata.';

export function mountComponentList(app: App): void {
  app.openapi(list, async (c) => {
    const { limit, cursor, type, status, lifecycle, location, capability, sort, ...rest } = c.req.valid('query');
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
    const from = cursor === undefined ? null : decodeListPosition(cursor, sort);
    if (from === undefined || (from && !isComponentType(config, from.type)))
      return problemResponse(c, 'invalid-request', {
        errors: [{ path: 'cursor', message: 'not a cursor of this list' }],
      });

    const metadata = Object.fromEntries(
      Object.entries(rest).map(([name, value]) => [name.slice(METADATA_PREFIX.length), value]),
    );
    const types = type === undefined ? [...config.types.keys()] : [type];
    const query = { limit, status, lifecycle, location, capability, metadata, sort, types, from };
    const { items, next, unreadable } = await listComponents(query);
    const shown = unreadable.length > 0 ? { unreadable: [...unreadable] } : {};
    return c.json({ items: [...items], nextCursor: next && encodeListPosition(next), ...shown }, 200);
  });
}
