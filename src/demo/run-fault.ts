/** One fault from beginning to end: breaks a component and prints how the coordinator reacts. */
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
/** Routing is observed for this long before the fault, to show that the component is in routing. */
const WATCH_BEFORE_MS = 1_000;
/** A failed component counts as out of routing after it has not been chosen for this long. */
const NOT_CHOSEN_MS = 2_500;

export interface DemoContext {
  readonly client: CoordinatorClient;
  readonly fleet: Fleet;
  readonly events: EventWatch;
  readonly narrator: Narrator;
}

export async function runFault(
  fault: Fault,
  { client, fleet, events, narrator }: DemoContext,
): Promise<FaultMeasurement> {
  const component = fleet.get(fault.componentId);
  const requestType = FLEET_PLAN.find(({ id }) => id === fault.componentId)?.requestTypes[0] ?? '';
  const routes = new RouteWatch(client, fault.componentId, requestType);
  await sleep(WATCH_BEFORE_MS);

  narrator.heading(`${fault.componentId}, process ${component.pid ?? 0}: ${fault.title}`);
  const faultAt = await inject(fault, component);
  const observation = new FaultObservation(component, routes, faultAt);
  const stopListening = events.listen((seen) => {
    if (seen.event.subject !== fault.componentId) return;
    observation.record(seen);
    const text = describeEvent(seen.event);
    if (text !== null) narrator.line(seen.seenAt - faultAt, text);
  });

  await narrateUntilProven({ observation, component, narrator, faultAt });
  stopListening();
  routes.stop();
  return observation.measure(fault);
}

interface Narration {
  readonly observation: FaultObservation;
  readonly component: ComponentHandle;
  readonly narrator: Narrator;
  readonly faultAt: number;
}

/** Prints what no event reports: when the component leaves routing, and its new process. */
async function narrateUntilProven({ observation, component, narrator, faultAt }: Narration): Promise<void> {
  let hasReportedRouting = false;
  let hasReportedRestart = false;
  while (observation.provenAt === null) {
    const now = Date.now();
    if (now - faultAt > GIVE_UP_MS) return narrator.line(now - faultAt, 'not recovered, giving up');
    const { lastChosenAt, restartedAt } = observation;
    if (!hasReportedRouting && observation.wasDetected && now - lastChosenAt > NOT_CHOSEN_MS) {
      hasReportedRouting = true;
      narrator.line(now - faultAt, `out of routing, last chosen at ${narrator.seconds(lastChosenAt - faultAt)}`);
    }
    if (!hasReportedRestart && restartedAt !== null) {
      hasReportedRestart = true;
      narrator.line(restartedAt - faultAt, `restarted by its supervisor, now process ${component.pid ?? 0}`);
    }
    await sleep(POLL_MS);
  }
}
