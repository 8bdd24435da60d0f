/** Lets readers in this isolate wait for the next event. */
import { WatchedIndex } from '../long-poll/watched-index.ts';
import { coordinator } from '../coordinator/contract/coordinator-api.ts';

export const sequenceWatch = new WatchedIndex((known, holdMs) => coordinator().sequence(known, holdMs));
