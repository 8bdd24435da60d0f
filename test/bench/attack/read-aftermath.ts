/** What a storm left behind, read from the coordinator's own API. */
import type { ApiCaller } from './api-caller.ts';

export interface Aftermath {
  readonly events: number;
  readonly failedComponents: number;
  readonly recoveries: number;
  /** Rows of D1: failures, recoveries, incidents and audit. */
  readonly rows: number;
}

const PAGE = 500;

/** Newest sequence of the event log; 0 for an empty one. */
async function newestEvent(admin: ApiCaller): Promise<number> {
  const { body } = await admin.insist('GET', '/v1/events?limit=1');
  return Number(body.nextCursor ?? 0);
}

async function countEvents(admin: ApiCaller, type: string): Promise<number> {
  // The log keeps 20 000 events, which no storm of a minute exceeds.
  const { body } = await admin.insist('GET', `/v1/events?types=${type}&after=0&limit=1000`);
  return body.items!.length;
}

async function countRows(admin: ApiCaller, path: string): Promise<number> {
  let count = 0;
  for (let cursor = ''; ;) {
    const { body } = await admin.insist('GET', `${path}?limit=${PAGE}${cursor}`);
    count += body.items!.length;
    if (!body.nextCursor) return count;
    cursor = `&cursor=${encodeURIComponent(body.nextCursor)}`;
  }
}

export async function readTotals(admin: ApiCaller): Promise<Aftermath> {
  let rows = 0;
  for (const path of ['/v1/failures', '/v1/recoveries', '/v1/incidents', '/v1/audit'])
    rows += await countRows(admin, path);
  return {
    events: await newestEvent(admin),
    failedComponents: await countEvents(admin, 'component.failed'),
    recoveries: await countEvents(admin, 'recovery.started'),
    rows,
  };
}

export const difference = (after: Aftermath, before: Aftermath): Aftermath => ({
  events: after.events - before.events,
  failedComponents: after.failedComponents - before.failedComponents,
  recoveries: after.recoveries - before.recoveries,
  rows: after.rows - before.rows,
});
