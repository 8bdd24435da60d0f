/**
 * `npm run controller -- --config FILE`: runs local processes and carries out the coordinator's actions on them.
 *
 * An example implementation of a control endpoint (docs/reference/control-protocol.md), small enough to read and
 * sufficient for one machine. Acts once per idempotency key, even across its own kill and restart.
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
if (config.secrets.length === 0) throw new Error('no secrets configured: the controller could accept no call');
mkdirSync(config.state, { recursive: true });

const journal = new Journal(join(config.state, 'journal.jsonl'));
const crew = new ProcessCrew(config, journal);
await crew.start();
const server = new ControlServer({
  port: config.port,
  journal,
  secretsOf: () => config.secrets,
  actionsOf: (id) => crew.actionsOf(id),
  execute: (entry) => crew.execute(entry),
  report: () => crew.report(),
});
await server.listen();
console.log(`controller on http://127.0.0.1:${config.port}, ${config.processes.length} processes`);

let isEnding = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    if (isEnding) return;
    isEnding = true;
    server.close();
    void crew.stop().finally(() => process.exit(0));
  });
