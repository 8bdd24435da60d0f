/**
 * `npm run controller -- --config FILE`: runs local processes and does to them what the coordinator asks for. An
 * example of what stands behind a control endpoint (docs/control.md), small enough to read and good enough for one
 * machine: it acts once for each idempotency key, its own kill and restart included.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ControlServer } from './control-server.ts';
import { readConfig } from './controller-config.ts';
import { Journal } from './journal.ts';
import { ProcessCrew } from './process-crew.ts';

const { values } = parseArgs({ options: { config: { type: 'string' } } });
if (values.config === undefined) throw new Error('usage: npm run controller -- --config FILE');
const config = readConfig(values.config, process.env);
if (config.secrets.length === 0) throw new Error('no secrets: nobody could be believed');
mkdirSync(config.state, { recursive: true });

const journal = new Journal(join(config.state, 'journal.jsonl'));
const crew = new ProcessCrew(config, journal);
await crew.start();
const server = new ControlServer({
  port: config.port,
  journal,
  secretsOf: () => config.secrets,
  actionsOf: (id) => crew.actionsOf(id),
  carryOut: (order) => crew.carryOut(order),
  report: () => crew.report(),
});
await server.listen();
console.log(`controller on http://127.0.0.1:${config.port}, ${config.processes.length} processes`);

let ending = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    if (ending) return;
    ending = true;
    server.close();
    void crew.stop().finally(() => process.exit(0));
  });
