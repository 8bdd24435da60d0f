/**
 * Catalogue of all event types with their meaning and data. The contract and the event reference are generated from it,
 * and tests validate every event against it. A new type needs its name in EVENT_TYPES and an entry in the file of its
 * group. Without the entry this file does not compile.
 */
import type { EventType } from '../../../core/event/coordinator-event.ts';
import { COMPONENT_EVENTS } from './component-events.ts';
import { CONFIG_EVENTS } from './config-events.ts';
import { DRILL_EVENTS } from './drill-events.ts';
import type { EventEntry } from './event-entry.ts';
import { FAILURE_EVENTS } from './failure-events.ts';
import { INCIDENT_EVENTS } from './incident-events.ts';
import { RECOVERY_EVENTS } from './recovery-events.ts';
import { SYSTEM_EVENTS } from './system-events.ts';
import { WEBHOOK_EVENTS } from './webhook-events.ts';

export const EVENT_CATALOGUE: Readonly<Record<EventType, EventEntry>> = {
  ...COMPONENT_EVENTS,
  ...FAILURE_EVENTS,
  ...RECOVERY_EVENTS,
  ...INCIDENT_EVENTS,
  ...DRILL_EVENTS,
  ...CONFIG_EVENTS,
  ...WEBHOOK_EVENTS,
  ...SYSTEM_EVENTS,
};
