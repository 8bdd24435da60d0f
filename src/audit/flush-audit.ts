/**
 * Brings the entries that the coordinator owes to the audit into D1. Running it twice, also at once, writes
 * nothing twice; with D1 away everything stays owed and goes on.
 */
import { coordinator } from '../coordinator/coordinator-api.ts';
import { appendAudit } from '../history/audit-history.ts';

/** A batch stays far below what D1 takes at once: an entry may carry two registrations of 16 KiB. */
const BATCH = 25;
const MAX_BATCHES = 40;

/** Writes what is owed; answers how many entries. Throws when D1 or the coordinator is away. */
export async function flushAudit(db: D1Database): Promise<number> {
  const owner = coordinator();
  let written = 0;
  for (let batch = 0; batch < MAX_BATCHES; batch++) {
    const owed = await owner.auditOwed(BATCH);
    await appendAudit(db, owed);
    if (owed.length > 0) await owner.auditSettled(owed.map(({ id }) => id));
    written += owed.length;
    if (owed.length < BATCH) break;
  }
  return written;
}
