/** Which events a webhook asked for. */
import type { EventDraft } from '../event/coordinator-event.ts';
import type { Webhook } from './webhook.ts';

type Filters = Pick<Webhook, 'id' | 'types' | 'subjects' | 'componentTypes'>;

/**
 * `componentType` is that of the component it is about, null when it is about none. What is said of a webhook is not sent
 * to it: each event would bring another.
 */
export function wantsEvent(
  { id, types, subjects, componentTypes }: Filters,
  { type, subject }: { readonly type: string; readonly subject: string },
  componentType: string | null,
): boolean {
  if (type.startsWith('webhook.') && subject === id) return false;
  return (
    matchesAny(types, type) &&
    (subjects.length === 0 || matchesAny(subjects, subject)) &&
    (componentTypes.length === 0 || (componentType !== null && componentTypes.includes(componentType)))
  );
}

/** A star at the end stands for anything. */
const matchesAny = (patterns: readonly string[], text: string): boolean =>
  patterns.some((pattern) => (pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern));

/** Events about a type as a whole: it is their subject. */
const ABOUT_TYPES = ['system.', 'config.', 'load.'];

/** The type of the component that an event is about, as far as the event itself tells. */
export function componentTypeOf({ type, subject, data }: Pick<EventDraft, 'type' | 'subject' | 'data'>): string | null {
  // Of one component's document the subject is the component: its type is in the directory.
  if (type === 'config.changed' && data['scope'] === 'component') return null;
  if (ABOUT_TYPES.some((prefix) => type.startsWith(prefix))) return subject;
  const component = data['component'] as { type?: unknown } | null | undefined;
  const told = data['componentType'] ?? component?.type;
  return typeof told === 'string' ? told : null;
}
