/** Whether any document was changed, as those wait for it in this isolate who wait for one of theirs. */
import { WatchedIndex } from '../hold/watched-index.ts';
import { coordinator } from './coordinator-api.ts';

export const configWatch = new WatchedIndex((known, holdMs) => coordinator().configSequence(known, holdMs));
