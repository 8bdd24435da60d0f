/** What an operator asks of a component. */
import * as z from 'zod';
import type { ControlAction } from '../../core/component/control-action.ts';
import { CONTROL_ACTIONS } from '../../core/component/control-action.ts';
import type { SwitchName } from '../../core/component/operate.ts';
import { OPERATIONS, SWITCHES } from '../../core/component/operate.ts';

const MIN_MS = 60_000;
const MAX_MS = 2_592_000_000;

const LASTING: ReadonlySet<string> = new Set(['drain', 'isolate', 'maintenance']);
const FORCED: ReadonlySet<string> = new Set([...CONTROL_ACTIONS, 'switchback']);

export const isControlAction = (action: string): action is ControlAction =>
  (CONTROL_ACTIONS as readonly string[]).includes(action);

export const isSwitch = (action: string): action is SwitchName => (SWITCHES as readonly string[]).includes(action);

export const OperationSchema = z
  .strictObject({
    action: z.enum([...OPERATIONS, ...CONTROL_ACTIONS, ...SWITCHES]),
    forMs: z.int().min(MIN_MS).max(MAX_MS).optional().meta({
      description: 'ms, a minute to 30 days. `isolate` has 5 minutes without, `drain` lasts until `restore`.',
    }),
    until: z.iso
      .datetime({ offset: true })
      .optional()
      .meta({ description: 'In the place of `forMs`: the end itself, at most 30 days ahead.' }),
    force: z
      .boolean()
      .optional()
      .meta({
        description:
          '`restart`, `scale_up`: though a third of the type is being worked on, most of it seems to fail, or it only suffers ' +
          'from a dependency. `switchback`: to one that is not healthy, too.',
      }),
    idempotencyKey: z
      .string()
      .regex(/^[\x21-\x7e]{1,128}$/, '1 to 128 printable ASCII characters without spaces')
      .optional()
      .meta({ description: '`restart`, `scale_up`: asked again with it within a day, it is the same and done once.' }),
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
  .refine(({ action, forMs, until }) => LASTING.has(action) || (forMs === undefined && until === undefined), {
    error: 'only drain, isolate and maintenance have an end',
    path: ['forMs'],
  })
  .refine(({ action, force }) => force === undefined || FORCED.has(action), {
    error: 'only restart, scale_up and switchback can be forced',
    path: ['force'],
  })
  .refine(({ action, idempotencyKey }) => idempotencyKey === undefined || isControlAction(action), {
    error: 'only restart and scale_up take one: all others can be repeated as they are',
    path: ['idempotencyKey'],
  })
  .meta({ id: 'Operation' });

/** The end that is asked for, epoch ms; a sentence when it is out of bounds at `now`. */
export function readUntil(until: string | undefined, now: number): number | null | string {
  if (until === undefined) return null;
  const at = Date.parse(until);
  if (at <= now) return `an end in the past: ${until}`;
  return at - now > MAX_MS ? `at most 30 days ahead, received ${until}` : at;
}
