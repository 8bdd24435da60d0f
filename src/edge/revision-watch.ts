/** Lets readers in this isolate wait for the next revision of a type. */
import { WatchedIndex } from '../long-poll/watched-index.ts';
import { registryOf } from '../registry/contract/registry-api.ts';

const watches = new Map<string, WatchedIndex>();

/** Call for configured types only: arbitrary names from callers would fill the memory. */
export function revisionWatch(type: string): WatchedIndex {
  const existing = watches.get(type);
  if (existing) return existing;
  const watch = new WatchedIndex((known, holdMs) => registryOf(type).revision(known, holdMs));
  watches.set(type, watch);
  return watch;
}
