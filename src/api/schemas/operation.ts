/** What an operator asks of a component. */
import * as z from 'zod';
import { OPERATIONS } from '../../core/component/operate.ts';

const MIN_MS = 60_000;
const MAX_MS = 2_592_000_000;

export const OperationSchema = z
  .strictObject({
    action: z.enum(OPERATIONS),
    forMs: z.int().min(MIN_MS).max(MAX_MS).optional().meta({
      description: 'ms, a minute to 30 days. `isolate` has 5 minutes without, `drain` lasts until `restore`.',
    }),
    until: z.iso
      .datetime({ offset: true })
      .optional()
      .meta({ description: 'In the place of `forMs`: the end itself, at most 30 days ahead.' }),
    reason: z.string().min(1).max(256).optional().meta({ description: 'Why, for whoever finds it so.' }),
  })
  .refine(({ forMs, until }) => forMs === undefined || until === undefined, {
    error: 'one of forMs and until, not both',
    path: ['until'],
  })
  .refine(({ action, forMs, until }) => action !== 'maintenance' || forMs !== undefined || until !== undefined, {
    error: 'maintenance has an end: give forMs or until',
    path: ['forMs'],
  })
  .refine(({ action, forMs, until }) => action !== 'restore' || (forMs === undefined && until === undefined), {
    error: 'what is restored has no end',
    path: ['forMs'],
  })
  .meta({ id: 'Operation' });

/** The end that is asked for, epoch ms; a sentence when it is out of bounds at `now`. */
export function readUntil(until: string | undefined, now: number): number | null | string {
  if (until === undefined) return null;
  const at = Date.parse(until);
  if (at <= now) return `an end in the past: ${until}`;
  return at - now > MAX_MS ? `at most 30 days ahead, received ${until}` : at;
}
