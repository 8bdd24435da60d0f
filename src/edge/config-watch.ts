/** Whether any document was changed, as those wait for it in this isolate who wait for one of theirs. */
import { WatchedIndex } from '../long-poll/watched-index.ts';
import { coordinator } from '../coordinator/contract/coordinator-api.ts';

export const configWatch = new WatchedIndex((known, holdMs) => coordinator().configSequence(known, holdMs));
