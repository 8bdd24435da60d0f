/**
 * Every type of event with what it means and carries. The contract and docs/events.md are made of it, and tests
 * hold every event they cause against it.
 *
 * A new type: its name in EVENT_TYPES and its entry in the file of its group; without it, this does not compile.
 */
import type { EventType } from '../../../core/event/coordinator-event.ts';
import { COMPONENT_EVENTS } from './component-events.ts';
import { CONFIG_EVENTS } from './config-events.ts';
import { DRILL_EVENTS } from './drill-events.ts';
import type { EventEntry } from './event-entry.ts';
import { INCIDENT_EVENTS } from './incident-events.ts';
import { RECOVERY_EVENTS } from './recovery-events.ts';
import { SYSTEM_EVENTS } from './system-events.ts';

export const EVENT_CATALOGUE: Readonly<Record<EventType, EventEntry>> = {
  ...COMPONENT_EVENTS,
  ...RECOVERY_EVENTS,
  ...INCIDENT_EVENTS,
  ...DRILL_EVENTS,
  ...CONFIG_EVENTS,
  ...SYSTEM_EVENTS,
};
