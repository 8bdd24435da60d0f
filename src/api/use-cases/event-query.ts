/** Event filter in the query of lists, streams and sockets. */
import * as z from 'zod';
import type { EventType } from '../../core/event/coordinator-event.ts';
import { EVENT_TYPES } from '../../core/event/coordinator-event.ts';
import { SNAPSHOT_PATH } from '../../core/event/event-frame.ts';
import type { LogSpan } from '../../core/event/log-page.ts';
import type { Call } from '../http/call.ts';
import type { ProblemResponse } from '../http/problem.ts';
import { problemResponse } from '../http/problem.ts';
import { integerText } from '../schemas/common.ts';

export const EventFilterSchema = z.object({
  types: z.string().max(1_024).optional().meta({ description: 'Event types, separated by commas.' }),
  subject: z.string().max(256).optional().meta({ description: 'Only events about that component, type or key.' }),
});

export const AfterSchema = integerText(0).optional();

/** The event types in a comma-separated list; null for all types, `unknown` with the first invalid name. */
export function readTypes(list: string | undefined): readonly EventType[] | null | { readonly unknown: string } {
  if (list === undefined) return null;
  const wanted = list.split(',').map((type) => type.trim());
  const unknown = wanted.find((type) => !EVENT_TYPES.includes(type as EventType));
  return unknown === undefined ? (wanted as EventType[]) : { unknown };
}

export const unknownTypeProblem = (c: Call, type: string): ProblemResponse =>
  problemResponse(c, 'invalid-request', {
    errors: [{ path: 'types', message: `unknown event type ${type.slice(0, 64)}` }],
  });

/** 410 for a reader whose position is before the oldest event of the log or after its newest. */
export const trimmedProblem = (c: Call, after: number, { oldest, newest }: LogSpan): ProblemResponse =>
  problemResponse(c, 'events-trimmed', {
    detail: `the log holds ${oldest} to ${newest} and cannot continue after ${after}: read ${SNAPSHOT_PATH}, then continue after ${newest}`,
    position: { oldest: String(oldest), newest: String(newest), snapshot: SNAPSHOT_PATH },
  });
