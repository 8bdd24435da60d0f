/**
 * `npm start [-- arguments of wrangler dev]`: the whole coordinator on this machine.
 *
 * Creates the settings, migrates the local database, starts `wrangler dev`, ticks the cron and prints the URL.
 * Ends with wrangler. On a signal, or when its parent process is gone, ends wrangler too.
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
const STARTUP_WARNING_MS = 60_000;
const STOP_WITHIN_MS = 8_000;

const log = (message: string): void => console.log(`[coordinator] ${message}`);

function fail(message: string): never {
  console.error(`[coordinator] ${message}`);
  process.exit(1);
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false; // Not listening yet.
  }
}

async function untilReady(options: StartOptions): Promise<void> {
  const startedAt = Date.now();
  let hasWarned = false;
  while (!(await isHealthy(options.url))) {
    if (!hasWarned && Date.now() - startedAt > STARTUP_WARNING_MS) {
      hasWarned = true;
      console.error(`[coordinator] ${options.url}/healthz does not respond yet; look for an error above`);
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
  if (vars === 'made') log('created .dev.vars with a random COORDINATOR_ADMIN_KEY');
  if (vars === 'key added') log('added a random COORDINATOR_ADMIN_KEY to .dev.vars');
  const migrated = await migrate(options.databaseArgs);
  if (!migrated.ok) fail(`the database migrations failed:\n${migrated.output}`);
}

/** Ends this program; once wrangler runs, ends wrangler first. */
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
    log(`ready at ${options.url} (key: COORDINATOR_ADMIN_KEY in .dev.vars)`);
    return process.send?.({ ready: options.url });
  });
}

const parsed = parseStartOptions(process.argv.slice(2), process.env);
if (!parsed.ok) fail(parsed.message);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop());
watchParent(() => stop());
await prepare(parsed.options);
run(parsed.options);
