/** The event log's sequence, as this isolate's readers wait for it. */
import { WatchedIndex } from '../hold/watched-index.ts';
import { coordinator } from './coordinator-api.ts';

export const sequenceWatch = new WatchedIndex((known, holdMs) => coordinator().sequence(known, holdMs));
