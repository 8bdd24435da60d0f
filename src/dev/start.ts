/**
 * `npm start [-- arguments of wrangler dev]`: the whole coordinator on this machine.
 *
 * Creates the settings, migrates the local database, builds the page, starts `wrangler dev`, ticks the cron and prints
 * the URL.
 * Ends with wrangler. On a signal, or when its parent process is gone, ends wrangler too.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { buildPage } from './start/build-page.ts';
import { startCronTick } from './start/cron-tick.ts';
import { ensureDevVars, readAdminKey } from './dev-vars.ts';
import { isPortFree } from './free-port.ts';
import { migrate } from './start/migrate.ts';
import { readyMessage } from './start/ready-message.ts';
import { relayOutput } from './start/relay-output.ts';
import { type StartOptions, parseStartOptions } from './start/start-options.ts';
import { announceRunning, withdrawRunning } from './running-coordinator.ts';
import { signInUrl } from './start/sign-in-url.ts';
import { runStep } from './start/start-steps.ts';
import { watchParent } from './start/watch-parent.ts';
import { isWranglerInstalled, spawnWrangler } from './wrangler-process.ts';

const HEALTHZ_EVERY_MS = 150;
const STARTUP_WARNING_MS = 60_000;
const STOP_WITHIN_MS = 8_000;

const startedAt = performance.now();

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
  await runStep('settings', 'reading .dev.vars', async () => ({ value: null, outcome: SETTINGS[ensureDevVars()] }));
  await Promise.all([
    runStep('database', 'applying migrations', async () => {
      const migrated = await migrate(options.databaseArgs, options.persistTo);
      if (!migrated.ok) fail(`the database migrations failed:\n${migrated.output}`);
      return { value: null, outcome: `migrations ${migrated.outcome}` };
    }),
    runStep('page', 'building', async () => ({ value: null, outcome: await buildPage() })),
  ]);
}

const SETTINGS = {
  made: 'created .dev.vars with a random COORDINATOR_ADMIN_KEY',
  'key added': 'added a random COORDINATOR_ADMIN_KEY to .dev.vars',
  kept: '.dev.vars',
};

async function announceWhenReady(options: StartOptions): Promise<void> {
  await runStep('runtime', 'starting workerd', async () => {
    await untilReady(options);
    return { value: null, outcome: `serves ${options.url}` };
  });
  // A program that launched this one needs no link, and its coordinator is its own.
  const isPersonal = process.send === undefined;
  if (isPersonal) announceRunning(options.url);
  const link = isPersonal ? await signInUrl(options.url, readAdminKey()) : null;
  const afterSeconds = (performance.now() - startedAt) / 1_000;
  console.log(readyMessage({ url: options.url, pageUrl: link ?? options.url, afterSeconds }));
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
  wrangler.once('close', (code) => {
    withdrawRunning();
    process.exit(code ?? 1);
  });

  void announceWhenReady(options).then(() => {
    stopTick = startCronTick(options.url, (message) => console.error(`[coordinator] ${message}`));
    return process.send?.({ ready: options.url });
  });
}

const parsed = parseStartOptions(process.argv.slice(2), process.env);
if (!parsed.ok) fail(parsed.message);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop());
watchParent(() => stop());
await prepare(parsed.options);
run(parsed.options);
