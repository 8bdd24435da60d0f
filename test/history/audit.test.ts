import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../src/core/access/audit-entry.ts';
import { appendAudit, listAudit } from '../../src/history/audit-history.ts';
import type { AuditFilter } from '../../src/history/audit-history.ts';
import type { PagePosition } from '../../src/history/page.ts';
import { DEFAULT_CONFIG } from '../../src/core/config/system-config.ts';
import { applyRetention } from '../../src/history/retention.ts';
import { freshId } from '../support/coordinator-http.ts';

const DAY_MS = 86_400_000;
const actor = { keyId: 'k-1', keyName: 'ops', address: '192.0.2.1', requestId: 'req-1' };

const entry = (subject: string, overrides: Partial<AuditEntry> = {}): AuditEntry => ({
  id: crypto.randomUUID(),
  at: Date.now(),
  actor,
  action: 'component.update',
  subject,
  before: null,
  after: { weight: 1 },
  ...overrides,
});

const append = (...entries: AuditEntry[]) => appendAudit(env.HISTORY, entries);
const listed = async (filter: AuditFilter, limit = 100) =>
  (await listAudit(env.HISTORY, filter, { limit, before: null })).items;
const idsOf = (entries: readonly AuditEntry[]): string[] => entries.map(({ id }) => id);
const run = (sql: string, ...values: (string | number)[]) =>
  env.HISTORY.prepare(sql)
    .bind(...values)
    .run();

const newestFirst = (a: AuditEntry, b: AuditEntry): number => b.at - a.at || (a.id < b.id ? 1 : -1);
const removeAged = (days: number) => run('DELETE FROM audit WHERE subject = ?', `aged-${days}`);

describe('an audit entry', () => {
  it('is returned as first written, however often it is appended', async () => {
    const subject = freshId();
    const first = entry(subject, { before: { tags: ['é', '"', null] }, after: null });
    const second = entry(subject, { at: first.at + 1, actor: { ...actor, address: null } });
    await append(first, second, first);
    await append({ ...first, subject: 'another', action: 'key.create' }, second);
    expect(await listed({ subject })).toEqual([second, first]);
  });

  it('may be as large as a registration, with 25 in one batch', async () => {
    const subject = freshId();
    const text = 'x'.repeat(16 * 1024);
    await append(...Array.from({ length: 25 }, () => entry(subject, { before: { text }, after: { text } })));
    expect(await listed({ subject })).toHaveLength(25);
  });
});

describe('the audit list', () => {
  it('is newest first over all pages, also for entries with the same time', async () => {
    const subject = freshId();
    const at = Date.now();
    const entries = Array.from({ length: 7 }, (_, n) => entry(subject, { at: at + Math.floor(n / 4) }));
    await append(...entries);
    const seen: AuditEntry[] = [];
    let before: PagePosition | null = null;
    do {
      const page = await listAudit(env.HISTORY, { subject }, { limit: 2, before });
      seen.push(...page.items);
      before = page.next;
      // An entry that is added meanwhile does not shift the pages.
      await append(entry(subject, { at: at + 10 }));
    } while (before);
    expect(idsOf(seen)).toEqual(idsOf(entries.toSorted(newestFirst)));
  });

  it('can be filtered by key, action, subject and time', async () => {
    const subject = freshId();
    const keyId = freshId('k');
    const [old, late, theirs] = [
      entry(subject, { at: 1_000, action: 'component.remove' }),
      entry(subject, { at: 2_000 }),
      entry(subject, { at: 3_000, actor: { ...actor, keyId } }),
    ];
    await append(old, late, theirs);
    expect(idsOf(await listed({ keyId }))).toEqual([theirs.id]);
    expect(idsOf(await listed({ subject, action: 'component.remove' }))).toEqual([old.id]);
    expect(idsOf(await listed({ subject, since: 2_000 }))).toEqual([theirs.id, late.id]);
    expect(idsOf(await listed({ subject, until: 2_000 }))).toEqual([old.id]);
    expect(idsOf(await listed({ subject, since: 1_001, until: 3_000 }))).toEqual([late.id]);
    expect(idsOf(await listed({ since: 2_000, until: 2_001 }))).toEqual([late.id]);
    expect(await listed({ subject, keyId: 'nobody' })).toEqual([]);
    const page = await listAudit(env.HISTORY, { subject, since: 2_000 }, { limit: 1, before: null });
    const rest = await listAudit(env.HISTORY, { subject, since: 2_000 }, { limit: 1, before: page.next });
    expect([idsOf(page.items), idsOf(rest.items), rest.next]).toEqual([[theirs.id], [late.id], null]);
  });
});

describe('a stored audit entry', () => {
  it('cannot be changed by any statement', async () => {
    const subject = freshId();
    const written = entry(subject);
    await append(written);
    const columns = 'id, at, key_id, key_name, request_id, action, subject';
    const forged = `(?, 1, 'forged', 'forged', 'forged', 'key.create', 'forged')`;
    const update = `UPDATE audit SET key_name = 'forged' WHERE subject = ?`;
    await expect(run(update, subject)).rejects.toThrow('append-only');
    await expect(run(update.replace('UPDATE', 'UPDATE OR REPLACE'), subject)).rejects.toThrow('append-only');
    await expect(run('DELETE FROM audit')).rejects.toThrow('append-only');
    await run(`INSERT OR REPLACE INTO audit (${columns}) VALUES ${forged}`, written.id);
    await run(
      `INSERT OR REPLACE INTO audit (rowid, ${columns})
       VALUES ((SELECT rowid FROM audit WHERE subject = '${subject}'), ${forged.slice(1)}`,
      'another',
    );
    await run(
      `INSERT INTO audit (${columns}) VALUES ${forged} ON CONFLICT DO UPDATE SET key_name = 'forged'`,
      written.id,
    );
    expect(await listed({ subject })).toEqual([written]);
    expect(await listed({ subject: 'forged' })).toEqual([]);
  });

  it('cannot be deleted for a year, and is removed after 400 days', async () => {
    const now = Date.now();
    const aged = (days: number) => entry(`aged-${days}`, { at: now - days * DAY_MS });
    await append(...[0, 364, 366, 399, 401].map(aged));
    await expect(removeAged(0)).rejects.toThrow('append-only');
    await expect(removeAged(364)).rejects.toThrow('append-only');
    await removeAged(366);
    await applyRetention(env.HISTORY, DEFAULT_CONFIG.retention, now);
    const kept = (await listed({}, 500)).map(({ subject }) => subject).filter((subject) => subject.startsWith('aged'));
    expect(kept).toEqual(['aged-0', 'aged-364', 'aged-399']);
  });
});
