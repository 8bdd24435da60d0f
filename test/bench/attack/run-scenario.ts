/** Runs one storm beside an innocent caller, and reports what both saw. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Experience } from './innocent.ts';
import { workInnocently } from './innocent.ts';
import type { Aftermath } from './read-aftermath.ts';
import { difference, readTotals } from './read-aftermath.ts';
import type { OwnFigures, Scenario } from './scenario.ts';
import { Stage } from './stage.ts';

export interface Outcome extends Experience, Aftermath {
  readonly name: string;
  readonly attack: string;
  readonly seconds: number;
  /** Replies to the attackers by problem code; successes under `ok`. */
  readonly replies: Readonly<Record<string, number>>;
  readonly restarts: number;
  /** Messages that alert channels and webhooks accepted. */
  readonly messages: number;
  readonly own: OwnFigures;
}

/** Deliveries to the history and to the event log arrive a little later. */
const SETTLE_MS = 3_000;

export async function runScenario(
  scenario: Scenario,
  { url, key }: { readonly url: string; readonly key: string },
  seconds: number,
): Promise<Outcome> {
  const stage = new Stage(url, key);
  try {
    await stage.open();
    const attack = await scenario.prepare(stage);
    const innocent = await stage.innocent();
    // A new key reaches every isolate within 3 s, and the history has what was done so far.
    await sleep(SETTLE_MS);
    const before = await readTotals(stage.admin);
    for (const { replies } of stage.attackers) replies.clear();
    const ended = AbortSignal.timeout(seconds * 1_000);
    const [own, experience] = await Promise.all([
      attack({ stage, seconds, ended }),
      workInnocently(innocent.caller, innocent.id, ended),
    ]);
    await sleep(SETTLE_MS);
    const aftermath = difference(await readTotals(stage.admin), before);
    const { restarts, messages } = stage.server;
    return {
      name: scenario.name,
      attack: scenario.attack,
      seconds,
      ...experience,
      ...aftermath,
      replies: sum(stage.attackers.map(({ replies }) => replies)),
      restarts: restarts.length,
      messages: messages.filter(({ status }) => status < 300).length,
      own,
    };
  } finally {
    stage.close();
  }
}

function sum(counts: readonly ReadonlyMap<string, number>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const [name, count] of counts.flatMap((each) => [...each])) total[name] = (total[name] ?? 0) + count;
  return total;
}
