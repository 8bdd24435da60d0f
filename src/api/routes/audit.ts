/** Route of the audit log. */
import { flushAudit } from '../../audit/flush-audit.ts';
import { toIso } from '../../core/component/resource.ts';
import { listAudit } from '../../history/audit-history.ts';
import type { App } from '../http/app-env.ts';
import { encodeListCursor } from '../http/cursor.ts';
import { fromIso } from '../http/from-iso.ts';
import { createRoute, jsonContent, problemDefault } from '../http/openapi-route.ts';
import { readHistoryPage } from '../use-cases/read-history.ts';
import { AuditPageSchema, AuditQuerySchema } from '../schemas/audit.ts';

const list = createRoute({
  method: 'get',
  path: '/v1/audit',
  'x-permission': 'administer',
  tags: ['keys'],
  summary: 'List audit entries, newest first',
  request: { query: AuditQuerySchema },
  responses: { 200: jsonContent(AuditPageSchema, 'A page of audit entries'), ...problemDefault },
});

export function mountAudit(app: App): void {
  app.openapi(list, async (c) => {
    const { limit, cursor, since, until, ...filters } = c.req.valid('query');
    const filter = { ...filters, since: fromIso(since), until: fromIso(until) };
    const page = await readHistoryPage(c, { limit, cursor }, async (request) => {
      // A caller must find its own change in the response.
      await flushAudit(c.env.HISTORY);
      return listAudit(c.env.HISTORY, filter, request);
    });
    if (!page.ok) return page.problem;
    const items = page.value.items.map((entry) => ({ ...entry, at: toIso(entry.at) }));
    return c.json({ items, nextCursor: encodeListCursor(page.value.next) }, 200);
  });
}
