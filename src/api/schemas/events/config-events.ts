/** Events about the configuration. */
import * as z from 'zod';
import { COMPONENT_EVENTS } from './component-events.ts';
import type { EventEntry } from './event-entry.ts';

export const CONFIG_EVENTS = {
  'config.changed': {
    summary: 'A configuration document was stored that differs from the previous one, or a type was removed.',
    subject: 'the type, the component, or `global`, according to `scope`',
    data: z.looseObject({
      scope: z.enum(['global', 'type', 'component']),
      revision: z.int().meta({ description: 'Revision of the document.' }),
      changed: z.array(z.string()).meta({ description: 'Names of the changed settings. Empty for a new type.' }),
      removed: z.literal(true).optional().meta({ description: 'Only if the type was removed.' }),
      restoredRevision: z.int().optional().meta({ description: 'Earlier revision that a rollback restored.' }),
    }),
    example: { scope: 'type', revision: 12, changed: ['balancingPolicy'] },
  },
  'config.controller-secret-rotated': {
    summary: 'A new secret signs the calls to the controller of a type. The event does not contain it.',
    subject: 'the type',
    data: COMPONENT_EVENTS['component.control-secret-rotated'].data.omit({ componentType: true }),
    example: { previousUntil: null },
  },
} as const satisfies Record<string, EventEntry>;
