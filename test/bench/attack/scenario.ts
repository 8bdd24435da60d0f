import { setTimeout as sleep } from 'node:timers/promises';
import type { Stage } from './stage.ts';

export interface Storm {
  readonly stage: Stage;
  readonly seconds: number;
  /** Aborts when the storm ends. */
  readonly ended: AbortSignal;
}

/** Figures that only this scenario has, by name. */
export type OwnFigures = Readonly<Record<string, number | string>>;

export interface Scenario {
  readonly name: string;
  /** What the attacker does, for the table. */
  readonly attack: string;
  /** Prepares the components. Returns the attack, which runs until the storm ends. */
  readonly prepare: (stage: Stage) => Promise<(storm: Storm) => Promise<OwnFigures>>;
}

/** Repeats `work` in `concurrency` loops until `ended` aborts. */
export async function repeat(concurrency: number, ended: AbortSignal, work: (turn: number) => Promise<unknown>) {
  let turns = 0;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (!ended.aborted) await work(turns++);
    }),
  );
}

/** Waits, at most until the storm ends. */
export const pause = (ms: number, ended: AbortSignal): Promise<void> =>
  // An abort is the end of the storm, not a failure.
  sleep(ms, undefined, { signal: ended }).catch(() => undefined);
