/**
 * Moves pending audit entries from the coordinator's outbox to D1. Repeated and concurrent runs write each entry once.
 * While D1 is unavailable, entries stay pending and the system continues to work.
 */
import { reportHistoryHealth } from '../edge/report-history-health.ts';
import { coordinator } from '../coordinator/contract/coordinator-api.ts';
import type { AuditEntry } from '../core/access/audit-entry.ts';
import { appendAudit } from '../history/audit-history.ts';
import { logError } from '../logging/log-error.ts';

/** Entries per batch, far below D1's limit: an entry may contain two registrations of 16 KiB. */
const BATCH = 25;
const MAX_BATCHES = 40;

/** Limits the log to one line per isolate and outage of D1. */
let isUnavailable = false;

/**
 * Writes the pending entries and returns their number. If D1 becomes unavailable, the function returns the number
 * written so far and the rest stays pending. Throws if the coordinator is unavailable.
 */
export async function flushAudit(db: D1Database): Promise<number> {
  const owner = coordinator();
  let written = 0;
  for (let batch = 0; batch < MAX_BATCHES; batch++) {
    const pending = await owner.pendingAuditEntries(BATCH);
    if (pending.length === 0 || !(await tryAppend(db, pending))) break;
    await owner.settleAuditEntries(pending.map(({ id }) => id));
    written += pending.length;
    if (pending.length < BATCH) break;
  }
  return written;
}

async function tryAppend(db: D1Database, pending: readonly AuditEntry[]): Promise<boolean> {
  try {
    await appendAudit(db, pending);
    isUnavailable = false;
    await reportHistoryHealth(true);
    return true;
  } catch (error) {
    // The entries stay pending: the sweep retries every minute.
    if (!isUnavailable) logError('audit not written yet', { error });
    isUnavailable = true;
    await reportHistoryHealth(false);
    return false;
  }
}
