/** Wire schema of an operator action on a component. */
import * as z from 'zod';
import type { ControlAction } from '../../core/component/control-action.ts';
import { CONTROL_ACTIONS } from '../../core/component/control-action.ts';
import type { SwitchName } from '../../core/component/lifecycle-operation.ts';
import { OPERATIONS, SWITCHES } from '../../core/component/lifecycle-operation.ts';

const MIN_MS = 60_000;
const MAX_MS = 2_592_000_000;

const TIMED_ACTIONS: ReadonlySet<string> = new Set(['drain', 'isolate', 'maintenance']);
const FORCIBLE_ACTIONS: ReadonlySet<string> = new Set([...CONTROL_ACTIONS, 'switchback']);

export const isControlAction = (action: string): action is ControlAction =>
  (CONTROL_ACTIONS as readonly string[]).includes(action);

export const isSwitch = (action: string): action is SwitchName => (SWITCHES as readonly string[]).includes(action);

export const OperationSchema = z
  .strictObject({
    action: z.enum([...OPERATIONS, ...CONTROL_ACTIONS, ...SWITCHES]),
    durationMs: z.int().min(MIN_MS).max(MAX_MS).optional().meta({
      description:
        'Duration, ms, from a minute to 30 days. Default: 5 minutes for `isolate`, until `restore` for `drain`.',
    }),
    until: z.iso
      .datetime({ offset: true })
      .optional()
      .meta({ description: 'Instead of `durationMs`: the end, at most 30 days ahead.' }),
    force: z
      .boolean()
      .optional()
      .meta({
        description:
          '`restart`, `scale_up`: act even if a third of the type is in recovery, most of the type seems to fail, or a ' +
          'dependency is the cause. `switchback`: act even if the component is not healthy.',
      }),
    idempotencyKey: z
      .string()
      .regex(/^[\x21-\x7e]{1,128}$/, '1 to 128 printable ASCII characters without spaces')
      .optional()
      .meta({ description: '`restart`, `scale_up`: requests with the same key within 24 hours are performed once.' }),
    reason: z.string().min(1).max(256).optional().meta({ description: 'Reason, shown with the component.' }),
  })
  .refine(({ durationMs, until }) => durationMs === undefined || until === undefined, {
    error: 'give one of durationMs and until, not both',
    path: ['until'],
  })
  .refine(
    ({ action, durationMs, until }) => action !== 'maintenance' || durationMs !== undefined || until !== undefined,
    {
      error: 'maintenance needs an end: give durationMs or until',
      path: ['durationMs'],
    },
  )
  .refine(
    ({ action, durationMs, until }) => TIMED_ACTIONS.has(action) || (durationMs === undefined && until === undefined),
    {
      error: 'only drain, isolate and maintenance can have an end',
      path: ['durationMs'],
    },
  )
  .refine(({ action, force }) => force === undefined || FORCIBLE_ACTIONS.has(action), {
    error: 'only restart, scale_up and switchback can be forced',
    path: ['force'],
  })
  .refine(({ action, idempotencyKey }) => idempotencyKey === undefined || isControlAction(action), {
    error: 'only restart and scale_up take an idempotencyKey: all other actions are idempotent',
    path: ['idempotencyKey'],
  })
  .meta({ id: 'Operation' });

/** Parses the requested end: epoch ms, null without one, or an error message if it is out of bounds at `now`. */
export function readUntil(until: string | undefined, now: number): number | null | string {
  if (until === undefined) return null;
  const at = Date.parse(until);
  if (at <= now) return `must be in the future, received ${until}`;
  return at - now > MAX_MS ? `at most 30 days ahead, received ${until}` : at;
}
