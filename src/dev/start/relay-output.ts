/**
 * Relays wrangler's output without its warning that no cron trigger fires, because `cron-tick.ts` fires one. The
 * warning spans several lines, from `FIRST_LINE` to the link in `LAST_LINE`.
 */
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

const FIRST_LINE = 'Scheduled Workers are not automatically triggered';
const LAST_LINE = 'test-cron-triggers-locally';

export function relayOutput(from: Readable, to: Writable): void {
  let skipping = false;
  let blank = false;
  createInterface({ input: from, crlfDelay: Infinity }).on('line', (line) => {
    if (line.includes(FIRST_LINE)) skipping = true;
    if (!skipping) {
      const isBlank = line.trim() === '';
      if (!(isBlank && blank)) to.write(`${line}\n`);
      blank = isBlank;
    }
    if (line.includes(LAST_LINE)) {
      skipping = false;
      blank = true;
    }
  });
}
