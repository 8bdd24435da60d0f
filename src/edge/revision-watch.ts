/** The revisions of types, as this isolate's readers wait for them. */
import { WatchedIndex } from '../long-poll/watched-index.ts';
import { registryOf } from '../registry/contract/registry-api.ts';

const watches = new Map<string, WatchedIndex>();

/** Of a type that is configured: whoever may ask for any name would fill the memory. */
export function revisionWatch(type: string): WatchedIndex {
  const before = watches.get(type);
  if (before) return before;
  const made = new WatchedIndex((known, holdMs) => registryOf(type).revision(known, holdMs));
  watches.set(type, made);
  return made;
}
