import type { Scenario } from './scenario.ts';
import { blindByTurns } from './scenarios/blind-by-turns.ts';
import { guardHogging } from './scenarios/guard-hogging.ts';
import { heartbeatToggling } from './scenarios/heartbeat-toggling.ts';
import { heldProbes } from './scenarios/held-probes.ts';
import { refusingChannel } from './scenarios/refusing-channel.ts';
import { reportsAtLimit } from './scenarios/reports-at-limit.ts';
import { reports } from './scenarios/reports.ts';
import { slowChannel } from './scenarios/slow-channel.ts';

/** One scenario per storm that can be caused from outside. */
export const SCENARIOS: readonly Scenario[] = [
  reports,
  blindByTurns,
  heartbeatToggling,
  guardHogging,
  heldProbes,
  slowChannel,
  refusingChannel,
  reportsAtLimit,
];
