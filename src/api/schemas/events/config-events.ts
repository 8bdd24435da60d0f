/** Events about how the coordinator is set up. */
import * as z from 'zod';
import { COMPONENT_EVENTS } from './component-events.ts';
import type { EventEntry } from './event-entry.ts';

export const CONFIG_EVENTS = {
  'config.changed': {
    summary: 'A document of the configuration was put, and differs from the one before.',
    subject: 'the type, the component, or `global`: `scope` says which',
    data: z.looseObject({
      scope: z.enum(['global', 'type', 'component']),
      revision: z.int().meta({ description: 'The number of the document.' }),
      changed: z.array(z.string()).meta({ description: 'Names of the settings that differ; empty for a new type.' }),
      restores: z.int().optional().meta({ description: 'The earlier revision that a rollback brought back.' }),
    }),
    example: { scope: 'type', revision: 12, changed: ['balancingPolicy'] },
  },
  'config.controller-secret-rotated': {
    summary: 'A new secret signs the calls to the type’s controller. The event does not carry it.',
    subject: 'the type',
    data: COMPONENT_EVENTS['component.control-secret-rotated'].data.omit({ componentType: true }),
    example: { previousUntil: null },
  },
} as const satisfies Record<string, EventEntry>;
