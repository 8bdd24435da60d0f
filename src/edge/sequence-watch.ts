/** The event log's sequence, as this isolate's readers wait for it. */
import { WatchedIndex } from '../long-poll/watched-index.ts';
import { coordinator } from '../coordinator/contract/coordinator-api.ts';

export const sequenceWatch = new WatchedIndex((known, holdMs) => coordinator().sequence(known, holdMs));
