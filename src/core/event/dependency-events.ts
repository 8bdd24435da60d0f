/** What an event about a component means to those that depend on it. */
import type { JsonObject } from '../json.ts';
import type { EventDraft, EventType } from './coordinator-event.ts';

/** So many dependants get an event each. Of more, one event tells many, or they would flood the log. */
const MAX_SINGLE = 20;
/** Most dependants in one event, and most characters of their ids: as much as a registration may have. */
const MAX_LISTED = 500;
const MAX_LISTED_LENGTH = 16_384;

/** Whether those that depend on its subject are to be told. */
export const concernsDependants = (draft: EventDraft): boolean => consequence(draft) !== undefined;

/** Drafts for the dependants of `draft.subject`, keyed by the event they follow from. */
export function dependencyEvents(draft: EventDraft, dependants: readonly string[]): EventDraft[] {
  const type = consequence(draft);
  if (!type) return [];
  const { key, subject: dependency, time } = draft;
  return toldOf(dependants, { key: `${key}>`, type, subject: dependency, time, data: { dependency } });
}

export interface RootCauseChange {
  readonly id: string;
  readonly rootCause: readonly string[];
}

/** Drafts that tell whose root cause changed when that of `cause.subject` or its dependencies did; `cause.key` is theirs alone. */
export function rootCauseEvents(
  cause: { readonly key: string; readonly subject: string; readonly time: number },
  changes: readonly RootCauseChange[],
): EventDraft[] {
  const type = 'component.root-cause-changed';
  return [...Map.groupBy(changes, ({ rootCause }) => rootCause.join(' '))].flatMap(([joined, alike]) =>
    toldOf(
      alike.map(({ id }) => id),
      { ...cause, key: `${cause.key}~${joined}~`, type, data: { rootCause: [...(alike[0]?.rootCause ?? [])] } },
    ),
  );
}

interface Told {
  readonly key: string;
  readonly type: EventType;
  /** What it follows from: the subject of events that tell many. */
  readonly subject: string;
  readonly time: number;
  readonly data: JsonObject;
}

function toldOf(dependants: readonly string[], { key, type, subject, time, data }: Told): EventDraft[] {
  if (dependants.length <= MAX_SINGLE)
    return dependants.map((id) => ({ key: `${key}${id}`, type, subject: id, time, data }));
  // No id has a star: no key of these is one of those above.
  return listed(dependants).map((ids, at) => ({
    key: `${key}*${at}`,
    type,
    subject,
    time,
    data: { ...data, dependants: ids },
  }));
}

function listed(ids: readonly string[]): string[][] {
  const lists: string[][] = [];
  let room = 0;
  for (const id of ids) {
    const last = lists.at(-1);
    if (last && last.length < MAX_LISTED && id.length <= room) last.push(id);
    else {
      lists.push([id]);
      room = MAX_LISTED_LENGTH;
    }
    room -= id.length;
  }
  return lists;
}

function consequence(draft: EventDraft): 'component.dependency-available' | 'component.dependency-lost' | undefined {
  if (draft.type === 'component.registered' || draft.type === 'component.recovered')
    return 'component.dependency-available';
  if (draft.type === 'component.failed' || draft.type === 'component.unregistered') return 'component.dependency-lost';
  return undefined;
}
