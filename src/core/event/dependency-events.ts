/** What an event about a component means to those that depend on it. */
import type { EventDraft } from './coordinator-event.ts';

/** Drafts for the dependants of `draft.subject`, keyed by the event they follow from. */
export function dependencyEvents(draft: EventDraft, dependants: readonly string[]): EventDraft[] {
  const type = consequence(draft);
  if (!type) return [];
  return dependants.map((dependant) => ({
    key: `${draft.key}>${dependant}`,
    type,
    subject: dependant,
    time: draft.time,
    data: { dependency: draft.subject },
  }));
}

function consequence(draft: EventDraft): 'component.dependency-available' | 'component.dependency-lost' | undefined {
  if (draft.type === 'component.registered' || draft.type === 'component.recovered')
    return 'component.dependency-available';
  if (draft.type === 'component.failed' || draft.type === 'component.unregistered') return 'component.dependency-lost';
  return undefined;
}
