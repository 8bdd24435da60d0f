/**
 * `npm run bench:attack [-- --seconds N] [--only NAME] [--dir CHECKOUT] [--json FILE]`: what one actor's storm costs
 * the others.
 *
 * Runs each storm against a coordinator of its own, started by `npm start`, beside an innocent caller of another type.
 * `--dir` runs the same storms against another checkout, for a comparison.
 */
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type * as Launcher from '../../../src/dev/launch-coordinator.ts';
import { PROJECT_ROOT } from '../../../src/dev/project-root.ts';
import { textTable } from '../text-table.ts';
import type { Outcome } from './run-scenario.ts';
import { runScenario } from './run-scenario.ts';
import { SCENARIOS } from './scenarios.ts';

const HEADS = [
  'storm',
  'route p99 ms',
  'read p99 ms',
  'innocent calls failed',
  'replies to the attacker',
  'failed components',
  'recoveries',
  'restarts',
  'events',
  'D1 rows',
  'messages',
  'also',
];

const listOf = (figures: Readonly<Record<string, number | string>>): string =>
  Object.entries(figures)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ') || '-';

const rowOf = (outcome: Outcome): string[] => [
  outcome.name,
  outcome.routeP99Ms.toFixed(0),
  outcome.readP99Ms.toFixed(0),
  `${outcome.failed} of ${outcome.calls}`,
  listOf(outcome.replies),
  String(outcome.failedComponents),
  String(outcome.recoveries),
  String(outcome.restarts),
  String(outcome.events),
  String(outcome.rows),
  String(outcome.messages),
  listOf(outcome.own),
];

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    only: { type: 'string' },
    dir: { type: 'string', default: PROJECT_ROOT },
    json: { type: 'string' },
  },
});
const chosen = SCENARIOS.filter(({ name }) => values.only === undefined || name === values.only);
if (chosen.length === 0) throw new Error(`--only is one of: ${SCENARIOS.map(({ name }) => name).join(', ')}`);
const launcher = pathToFileURL(join(resolve(values.dir), 'src', 'dev', 'launch-coordinator.ts')).href;
const { launchCoordinator } = (await import(launcher)) as typeof Launcher;

const outcomes: Outcome[] = [];
for (const scenario of chosen) {
  process.stderr.write(`${scenario.name}: ${scenario.attack} …\n`);
  const persistTo = await mkdtemp(join(tmpdir(), 'arbiter-attack-'));
  const coordinator = await launchCoordinator({ persistTo });
  try {
    const outcome = await runScenario(scenario, coordinator, Number(values.seconds));
    outcomes.push(outcome);
    process.stderr.write(`${rowOf(outcome).join(' | ')}\n`);
  } catch (error) {
    // One storm that cannot be run must not lose the figures of the others.
    process.stderr.write(`${scenario.name} failed: ${String(error)}\n`);
    process.exitCode = 1;
  } finally {
    await coordinator.stop();
    await rm(persistTo, { recursive: true, force: true, maxRetries: 3 });
  }
}
process.stdout.write(`${textTable(HEADS, outcomes.map(rowOf))}\n`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(outcomes, null, 2)}\n`);
// Hanging sockets must not keep the process alive.
process.exit();
