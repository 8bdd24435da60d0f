import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { appendAudit, listAudit } from '../../src/history/audit-history.ts';
import { appendFailures, listFailures } from '../../src/history/failure-history.ts';
import { listIncidents, openIncident } from '../../src/history/incident-history.ts';
import type { Page, PageRequest, PagePosition } from '../../src/history/page.ts';
import { listRecoveries, saveRecovery } from '../../src/history/recovery-history.ts';
import { freshId } from '../support/coordinator-http.ts';

const MIB = 1_048_576;
const actor = { keyId: 'k-1', keyName: 'ops', address: '192.0.2.1', requestId: 'req-1' };
/** More than 16 KiB, with two bytes per character. */
const TEXT = 'é'.repeat(8_200);
const COUNT = 90;

/** Bytes of a page besides the large texts. */
const SLACK = COUNT * 512;

const all = Array.from({ length: COUNT }, (_, at) => at);
/** Groups of three with the same time. */
const timeOf = (at: number): number => 1_000 + Math.floor(at / 3);

async function pagesOf<T>(list: (request: PageRequest) => Promise<Page<T>>, limit: number): Promise<T[][]> {
  const pages: T[][] = [];
  let before: PagePosition | null = null;
  do {
    const page: Page<T> = await list({ limit, before });
    pages.push([...page.items]);
    before = page.next;
  } while (before);
  return pages;
}

const bytesOf = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).length;

interface Kind {
  readonly write: (subject: string) => Promise<unknown>;
  readonly list: (subject: string) => (request: PageRequest) => Promise<Page<{ at: number; id: string }>>;
}

const withPositions = async <T>(page: Promise<Page<T>>, positionOf: (item: T) => PagePosition) => {
  const { items, next } = await page;
  return { items: items.map((item) => ({ ...item, ...positionOf(item) })), next };
};

const KINDS: Readonly<Record<string, Kind>> = {
  audit: {
    write: async (subject) => {
      const entry = (at: number) => ({ id: `${subject}-${at}`, at: timeOf(at), actor, subject });
      for (let from = 0; from < COUNT; from += 15)
        await appendAudit(
          env.HISTORY,
          all
            .slice(from, from + 15)
            .map((at) => ({ ...entry(at), action: 'component.update', before: { TEXT }, after: { TEXT } })),
        );
    },
    list: (subject) => (request) =>
      withPositions(listAudit(env.HISTORY, { subject }, request), ({ at, id }) => ({ at, id })),
  },
  failures: {
    write: async (componentId) => {
      for (const at of all) {
        const report = { id: `${componentId}-${at}`, componentId, componentType: 't', occurredAt: timeOf(at) };
        const what = { source: 'report', code: null, message: 'm', context: { TEXT } } as const;
        await appendFailures(env.HISTORY, [{ report: { ...report, ...what }, failureType: 'internal_error' }]);
      }
    },
    list: (componentId) => (request) =>
      withPositions(listFailures(env.HISTORY, { componentId }, request), ({ occurredAt, id }) => ({
        at: occurredAt,
        id,
      })),
  },
  recoveries: {
    write: async (componentId) => {
      for (const at of all)
        await saveRecovery(env.HISTORY, {
          recoveryId: `${componentId}-${at}`,
          componentId,
          componentType: 't',
          failureType: 'internal_error',
          failureId: 'f',
          reason: TEXT,
          startedAt: timeOf(at),
          deadline: 2_000,
          status: 'running',
          finishedAt: null,
          actions: [],
          incidentId: null,
        });
    },
    list: (componentId) => (request) =>
      withPositions(listRecoveries(env.HISTORY, { componentId }, request), (found) => ({
        at: found.startedAt,
        id: found.recoveryId,
      })),
  },
  incidents: {
    write: async (componentId) => {
      for (const at of all)
        await openIncident(env.HISTORY, {
          id: `${componentId}-${at}`,
          status: 'open',
          severity: 'critical',
          priority: null,
          title: 't',
          summary: TEXT,
          componentId,
          componentType: 't',
          recoveryId: null,
          failureType: null,
          repeats: 0,
          openedAt: timeOf(at),
          acknowledgedAt: null,
          resolvedAt: null,
        });
    },
    list: (componentId) => (request) =>
      withPositions(listIncidents(env.HISTORY, { componentId }, request), ({ openedAt, id }) => ({ at: openedAt, id })),
  },
};

describe.each(Object.entries(KINDS))('a list of large %s', (_, { write, list }) => {
  it('contains each item exactly once, newest first, on pages of at most 1 MiB', async () => {
    const subject = freshId();
    await write(subject);
    const newestFirst = all
      .map((at) => ({ at: timeOf(at), id: `${subject}-${at}` }))
      .toSorted((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1));
    for (const limit of [500, COUNT, 20]) {
      const pages = await pagesOf(list(subject), limit);
      expect(pages.flat().map(({ at, id }) => ({ at, id }))).toEqual(newestFirst);
      for (const page of pages) {
        expect(bytesOf(page)).toBeLessThanOrEqual(MIB + SLACK);
        expect(page.length).toBeGreaterThan(0);
        expect(page.length).toBeLessThanOrEqual(limit);
      }
    }
  });
});

it('a row larger than a page is a page of its own', async () => {
  const subject = freshId();
  const text = 'x'.repeat(700_000);
  const entry = (id: string) => ({ id: `${subject}-${id}`, at: 1, actor, subject, before: { text }, after: { text } });
  await appendAudit(env.HISTORY, [{ ...entry('a'), action: 'component.update' }]);
  await appendAudit(env.HISTORY, [{ ...entry('b'), action: 'component.update' }]);
  const pages = await pagesOf((request) => listAudit(env.HISTORY, { subject }, request), 10);
  expect(pages.map((page) => page.map(({ id }) => id))).toEqual([[`${subject}-b`], [`${subject}-a`]]);
});
