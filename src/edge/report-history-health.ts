/**
 * Tells the coordinator whether the history can be written, so that the system's health says so: once when it fails,
 * again every ten seconds while it does, and once when it works again.
 */
import { coordinator } from '../coordinator/contract/coordinator-api.ts';

const TELL_EVERY_MS = 10_000;

let isAway = false;
let toldAt = 0;

/** After a write. Never throws: whoever wrote has other things to do. */
export async function reportHistoryHealth(works: boolean, now = Date.now()): Promise<void> {
  if (works ? !isAway : isAway && Math.abs(now - toldAt) < TELL_EVERY_MS) return;
  isAway = !works;
  toldAt = now;
  await sendHistoryHealth(works);
}

/** Whatever was told before: somebody else may have seen it fail, and never see it again. */
export async function sendHistoryHealth(works: boolean): Promise<void> {
  try {
    await coordinator().historyAnswered(works);
  } catch (error) {
    toldAt = 0;
    console.error(JSON.stringify({ message: 'state of the history not told', works, error: String(error) }));
  }
}
