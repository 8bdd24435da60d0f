/** Lets readers in this isolate wait for the next configuration revision. */
import { WatchedIndex } from '../long-poll/watched-index.ts';
import { coordinator } from '../coordinator/contract/coordinator-api.ts';

export const configWatch = new WatchedIndex((known, holdMs) => coordinator().configSequence(known, holdMs));
