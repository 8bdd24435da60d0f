/** One fault from beginning to end: break a component, and tell what the coordinator notices and does. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CoordinatorClient } from '../client/coordinator-client.ts';
import type { ComponentHandle } from './component-handle.ts';
import { describeEvent } from './describe-event.ts';
import type { EventWatch } from './event-watch.ts';
import { type FaultMeasurement, FaultObservation } from './fault-observation.ts';
import { type Fault, inject } from './fault.ts';
import { FLEET_PLAN } from './fleet-plan.ts';
import type { Fleet } from './fleet.ts';
import type { Narrator } from './narrator.ts';
import { RouteWatch } from './route-watch.ts';

const GIVE_UP_MS = 45_000;
const POLL_MS = 50;
/** Asking for routes for this long before the fault shows that it is being chosen. */
const WATCH_BEFORE_MS = 1_000;
/** Held for unhealthy and not chosen for this long: told as being out of routing. */
const QUIET_MS = 2_500;

export interface Stage {
  readonly client: CoordinatorClient;
  readonly fleet: Fleet;
  readonly events: EventWatch;
  readonly narrator: Narrator;
}

export async function tellFault(fault: Fault, { client, fleet, events, narrator }: Stage): Promise<FaultMeasurement> {
  const component = fleet.get(fault.componentId);
  const requestType = FLEET_PLAN.find(({ id }) => id === fault.componentId)?.requestTypes[0] ?? '';
  const routes = new RouteWatch(client, fault.componentId, requestType);
  await sleep(WATCH_BEFORE_MS);

  narrator.heading(`${fault.componentId}, process ${component.pid ?? 0}: ${fault.title}`);
  const faultAt = await inject(fault, component);
  const observation = new FaultObservation(component, routes, faultAt);
  const stopListening = events.listen((seen) => {
    if (seen.event.subject !== fault.componentId) return;
    observation.take(seen);
    const text = describeEvent(seen.event);
    if (text !== null) narrator.line(seen.seenAt - faultAt, text);
  });

  await tellUntilProven({ observation, component, narrator, faultAt });
  stopListening();
  routes.stop();
  return observation.measure(fault);
}

interface Telling {
  readonly observation: FaultObservation;
  readonly component: ComponentHandle;
  readonly narrator: Narrator;
  readonly faultAt: number;
}

/** Tells what no event says: that callers are no longer sent there, and the new process. */
async function tellUntilProven({ observation, component, narrator, faultAt }: Telling): Promise<void> {
  let toldRouting = false;
  let toldRestart = false;
  while (observation.provenAt === null) {
    const now = Date.now();
    if (now - faultAt > GIVE_UP_MS) return narrator.line(now - faultAt, 'not recovered, giving up');
    const { lastChosenAt, restartedAt } = observation;
    if (!toldRouting && observation.wasNoticed && now - lastChosenAt > QUIET_MS) {
      toldRouting = true;
      narrator.line(now - faultAt, `out of routing, last chosen at ${narrator.seconds(lastChosenAt - faultAt)}`);
    }
    if (!toldRestart && restartedAt !== null) {
      toldRestart = true;
      narrator.line(restartedAt - faultAt, `restarted by its supervisor, now process ${component.pid ?? 0}`);
    }
    await sleep(POLL_MS);
  }
}
