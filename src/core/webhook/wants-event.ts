/** Event filter of a webhook. */
import type { EventDraft } from '../event/coordinator-event.ts';
import type { Webhook } from './webhook.ts';

type Filters = Pick<Webhook, 'id' | 'types' | 'subjects' | 'componentTypes'>;

/**
 * `componentType` is the type of the component that the event is about; null if there is none. Events about a webhook
 * are not delivered to that webhook: each delivery would cause the next event.
 */
export function wantsEvent(
  { id, types, subjects, componentTypes }: Filters,
  { type, subject }: { readonly type: string; readonly subject: string },
  componentType: string | null,
): boolean {
  if (type.startsWith('webhook.') && subject === id) return false;
  return (
    matchesAny(types, type) &&
    wantsSubject({ subjects }, subject) &&
    (componentTypes.length === 0 || (componentType !== null && componentTypes.includes(componentType)))
  );
}

export const wantsSubject = ({ subjects }: Pick<Webhook, 'subjects'>, subject: string): boolean =>
  subjects.length === 0 || matchesAny(subjects, subject);

/** A trailing star matches any rest. */
const matchesAny = (patterns: readonly string[], text: string): boolean =>
  patterns.some((pattern) => (pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern));

/** Event types about a component type as a whole: the type is their subject. */
const ABOUT_TYPES = ['system.', 'config.', 'load.'];

/** Returns the component type that the event itself names; null if it names none. */
export function componentTypeOf({ type, subject, data }: Pick<EventDraft, 'type' | 'subject' | 'data'>): string | null {
  // The subject of a component's document is the component. The directory knows its type.
  if (type === 'config.changed' && data['scope'] === 'component') return null;
  if (ABOUT_TYPES.some((prefix) => type.startsWith(prefix))) return subject;
  const component = data['component'] as { type?: unknown } | null | undefined;
  const componentType = data['componentType'] ?? component?.type;
  return typeof componentType === 'string' ? componentType : null;
}
