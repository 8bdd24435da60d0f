/**
 * Brings the entries that the coordinator owes to the audit into D1. Running it twice, also at once, writes
 * nothing twice; with D1 away everything stays owed and goes on.
 */
import { reportHistoryHealth } from '../edge/report-history-health.ts';
import { coordinator } from '../coordinator/contract/coordinator-api.ts';
import type { AuditEntry } from '../core/access/audit-entry.ts';
import { appendAudit } from '../history/audit-history.ts';

/** A batch stays far below what D1 takes at once: an entry may carry two registrations of 16 KiB. */
const BATCH = 25;
const MAX_BATCHES = 40;

/** An outage of D1 is one line in the log of an isolate, not one for every change. */
let isAway = false;

/**
 * Writes what is owed; answers how many entries. With D1 away it answers what it got there before, and the rest
 * stays owed. Throws when the coordinator is away.
 */
export async function flushAudit(db: D1Database): Promise<number> {
  const owner = coordinator();
  let written = 0;
  for (let batch = 0; batch < MAX_BATCHES; batch++) {
    const owed = await owner.auditOwed(BATCH);
    if (owed.length === 0 || !(await tryAppend(db, owed))) break;
    await owner.auditSettled(owed.map(({ id }) => id));
    written += owed.length;
    if (owed.length < BATCH) break;
  }
  return written;
}

async function tryAppend(db: D1Database, owed: readonly AuditEntry[]): Promise<boolean> {
  try {
    await appendAudit(db, owed);
    isAway = false;
    await reportHistoryHealth(true);
    return true;
  } catch (error) {
    // They stay owed: the sweep comes back every minute.
    if (!isAway) console.error(JSON.stringify({ message: 'audit not written yet', error: String(error) }));
    isAway = true;
    await reportHistoryHealth(false);
    return false;
  }
}
