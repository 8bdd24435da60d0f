/** One component from its failure to its proof, as observed from outside. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ComponentHandle } from '../../../src/demo/component-handle.ts';
import type { EventWatch, SeenEvent } from '../../../src/demo/event-watch.ts';
import type { Fault } from '../../../src/demo/fault.ts';
import { inject } from '../../../src/demo/fault.ts';

/** Seconds since the failure; null if not reached in time. */
export interface Episode {
  readonly started: number | null;
  readonly switched: number | null;
  readonly proven: number | null;
}

const GIVE_UP_MS = 60_000;
const POLL_MS = 50;

/** Breaks the component and waits until it is proven, or until `standbyId` has taken over. */
export async function runEpisode(
  handle: ComponentHandle,
  kind: Fault['kind'],
  events: EventWatch,
  standbyId: string | null,
): Promise<Episode> {
  const failedAt = await inject({ kind, componentId: handle.id, title: '', outOfRoutingMs: 0 }, handle);
  const seen: SeenEvent[] = [];
  const stop = events.listen((each) => void seen.push(each));
  const secondsTo = (type: SeenEvent['event']['type'], subject: string): number | null => {
    const first = seen.find(({ event }) => event.type === type && event.subject === subject);
    return first ? (first.seenAt - failedAt) / 1_000 : null;
  };
  const episode = (): Episode => ({
    started: secondsTo('recovery.started', handle.id),
    switched: standbyId === null ? null : secondsTo('component.lifecycle-changed', standbyId),
    proven: secondsTo('recovery.succeeded', handle.id),
  });
  const isOver = ({ switched, proven }: Episode): boolean => (standbyId === null ? proven : switched) !== null;
  while (!isOver(episode()) && Date.now() - failedAt < GIVE_UP_MS) await sleep(POLL_MS);
  stop();
  return episode();
}
