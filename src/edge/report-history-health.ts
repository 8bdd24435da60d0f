/**
 * Reports of this isolate to the coordinator on whether the history is writable, for the system's health. The isolate
 * reports when writes begin to fail, every 10 s while they fail, and once when they succeed again.
 */
import { coordinator } from '../coordinator/contract/coordinator-api.ts';
import { logError } from '../logging/log-error.ts';

const REPORT_EVERY_MS = 10_000;

let isFailing = false;
let reportedAt = 0;

/** Called after each write to the history. Never throws: the caller has other work to finish. */
export async function reportHistoryHealth(works: boolean, now = Date.now()): Promise<void> {
  if (works ? !isFailing : isFailing && Math.abs(now - reportedAt) < REPORT_EVERY_MS) return;
  isFailing = !works;
  reportedAt = now;
  await sendHistoryHealth(works);
}

/** Sends a report in any case: another isolate may have reported a failure and never write again. */
export async function sendHistoryHealth(works: boolean): Promise<void> {
  try {
    await coordinator().reportHistoryWrite(works);
  } catch (error) {
    reportedAt = 0;
    logError('history health not reported', { works, error });
  }
}
