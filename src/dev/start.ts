/**
 * `npm start [-- arguments of wrangler dev]`: the whole coordinator on this machine.
 *
 * Makes the settings, brings the local database up to date, starts `wrangler dev`, ticks the cron and
 * says where it can be reached. Ends when wrangler ends, and takes wrangler along when it is ended
 * itself or when the process that started it is gone.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { startCronTick } from './cron-tick.ts';
import { ensureDevVars } from './dev-vars.ts';
import { isPortFree } from './free-port.ts';
import { migrate } from './migrate.ts';
import { relayOutput } from './relay-output.ts';
import { type StartOptions, parseStartOptions } from './start-options.ts';
import { watchParent } from './watch-parent.ts';
import { isWranglerInstalled, spawnWrangler } from './wrangler-process.ts';

const HEALTHZ_EVERY_MS = 150;
const SLOW_START_MS = 60_000;
const STOP_WITHIN_MS = 8_000;

const say = (message: string): void => console.log(`[coordinator] ${message}`);

function fail(message: string): never {
  console.error(`[coordinator] ${message}`);
  process.exit(1);
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false; // Not listening yet: that is what is being asked.
  }
}

async function untilReady(options: StartOptions): Promise<void> {
  const startedAt = Date.now();
  let told = false;
  while (!(await answers(options.url))) {
    if (!told && Date.now() - startedAt > SLOW_START_MS) {
      told = true;
      console.error(`[coordinator] ${options.url}/healthz does not answer yet; is there an error above?`);
    }
    await sleep(HEALTHZ_EVERY_MS);
  }
}

async function prepare(options: StartOptions): Promise<void> {
  if (!isWranglerInstalled()) fail('wrangler is not installed: run `npm ci` first');
  if (!(await isPortFree(options.port, options.ip))) {
    fail(`${options.ip}:${options.port} is in use. Free it, or choose another port: PORT=9001 npm start`);
  }
  const vars = ensureDevVars();
  if (vars === 'made') say('made .dev.vars with a random COORDINATOR_ADMIN_KEY');
  if (vars === 'key added') say('added a random COORDINATOR_ADMIN_KEY to .dev.vars');
  const migrated = await migrate(options.databaseArgs);
  if (!migrated.ok) fail(`the database migrations failed:\n${migrated.output}`);
}

/** How this program ends before there is a wrangler to end first. */
let stop = (): void => process.exit(1);

function run(options: StartOptions): void {
  const wrangler = spawnWrangler(['dev', ...options.devArgs]);
  if (wrangler.stdout) relayOutput(wrangler.stdout, process.stdout);
  if (wrangler.stderr) relayOutput(wrangler.stderr, process.stderr);
  let stopTick: (() => void) | undefined;

  stop = () => {
    stopTick?.();
    wrangler.kill('SIGTERM');
    setTimeout(() => wrangler.kill('SIGKILL'), STOP_WITHIN_MS).unref();
  };
  wrangler.once('error', (error) => fail(`wrangler could not be started: ${error.message}`));
  wrangler.once('close', (code) => process.exit(code ?? 1));

  void untilReady(options).then(() => {
    stopTick = startCronTick(options.url, (message) => console.error(`[coordinator] ${message}`));
    say(`ready at ${options.url} (key: COORDINATOR_ADMIN_KEY in .dev.vars)`);
    return process.send?.({ ready: options.url });
  });
}

const parsed = parseStartOptions(process.argv.slice(2), process.env);
if (!parsed.ok) fail(parsed.message);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop());
watchParent(() => stop());
await prepare(parsed.options);
run(parsed.options);
