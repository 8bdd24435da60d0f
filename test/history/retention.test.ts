import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { DEFAULT_CONFIG } from '../../src/core/config/system-config.ts';
import { applyRetention } from '../../src/history/retention.ts';

it('keeps a bounded number of failures, the newest, whatever their age', async () => {
  const insert = env.HISTORY.prepare(
    `INSERT INTO failures (rowid, id, component_id, component_type, failure_type, source, message, occurred_at)
     VALUES (?, ?, 'a', 'b', 'internal_error', 'report', 'it failed', ?)`,
  );
  const now = Date.now();
  await env.HISTORY.batch([1, 2, 1_000_000].map((rowid) => insert.bind(rowid, `f-${rowid}`, now)));
  await applyRetention(env.HISTORY, DEFAULT_CONFIG.retention, now);
  const { results } = await env.HISTORY.prepare('SELECT id FROM failures').all();
  expect(results).toEqual([{ id: 'f-1000000' }]);
});
