/** Events for the dependants of a component that became available, was lost, or changed root cause. */
import type { JsonObject } from '../json.ts';
import type { EventDraft, EventType } from './coordinator-event.ts';

/** Up to this many dependants get an event each. Larger groups share events that list their ids: the log is bounded. */
const MAX_INDIVIDUAL_EVENTS = 20;
/** Limits of one shared event: dependants, and characters of their ids. */
const MAX_LISTED = 500;
const MAX_LISTED_LENGTH = 16_384;

/** Whether the dependants of the subject get an event. */
export const affectsDependants = (draft: EventDraft): boolean => dependencyEventType(draft) !== undefined;

/** Drafts for the dependants of `draft.subject`. Their keys derive from the key of `draft`. */
export function dependencyEvents(draft: EventDraft, dependants: readonly string[]): EventDraft[] {
  const type = dependencyEventType(draft);
  if (!type) return [];
  const { key, subject: dependency, time } = draft;
  return draftsFor(dependants, { key: `${key}>`, type, subject: dependency, time, data: { dependency } });
}

export interface RootCauseChange {
  readonly id: string;
  readonly rootCause: readonly string[];
}

/** Drafts that report changed root causes, caused by `cause.subject`. No other drafts may use `cause.key`. */
export function rootCauseEvents(
  cause: { readonly key: string; readonly subject: string; readonly time: number },
  changes: readonly RootCauseChange[],
): EventDraft[] {
  const type = 'component.root-cause-changed';
  return [...Map.groupBy(changes, ({ rootCause }) => rootCause.join(' '))].flatMap(([joined, group]) =>
    draftsFor(
      group.map(({ id }) => id),
      {
        ...cause,
        key: `${cause.key}~${joined}~`,
        type,
        data: { rootCause: [...(group[0]?.rootCause ?? [])] },
      },
    ),
  );
}

interface DraftTemplate {
  readonly key: string;
  readonly type: EventType;
  /** Subject of shared events: the component that caused them. */
  readonly subject: string;
  readonly time: number;
  readonly data: JsonObject;
}

function draftsFor(dependants: readonly string[], { key, type, subject, time, data }: DraftTemplate): EventDraft[] {
  if (dependants.length <= MAX_INDIVIDUAL_EVENTS)
    return dependants.map((id) => ({ key: `${key}${id}`, type, subject: id, time, data }));
  // Ids cannot contain `*`, so these keys never equal those of individual events.
  return chunkIds(dependants).map((ids, at) => ({
    key: `${key}*${at}`,
    type,
    subject,
    time,
    data: { ...data, dependants: ids },
  }));
}

function chunkIds(ids: readonly string[]): string[][] {
  const lists: string[][] = [];
  let charactersLeft = 0;
  for (const id of ids) {
    const last = lists.at(-1);
    if (last && last.length < MAX_LISTED && id.length <= charactersLeft) last.push(id);
    else {
      lists.push([id]);
      charactersLeft = MAX_LISTED_LENGTH;
    }
    charactersLeft -= id.length;
  }
  return lists;
}

function dependencyEventType(
  draft: EventDraft,
): 'component.dependency-available' | 'component.dependency-lost' | undefined {
  if (draft.type === 'component.registered' || draft.type === 'component.recovered')
    return 'component.dependency-available';
  if (draft.type === 'component.failed' || draft.type === 'component.unregistered') return 'component.dependency-lost';
  return undefined;
}
