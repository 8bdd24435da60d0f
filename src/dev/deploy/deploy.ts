/**
 * `npm run deploy [-- --env NAME] [--url URL] [--dry-run]`: deploys an environment of wrangler.toml, by default
 * `production`.
 *
 * Refuses an unsafe configuration, checks the secrets, migrates the database, deploys, and calls the result. With
 * `--dry-run` checks the configuration and builds the Worker, and needs no account.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { unstable_readConfig as readConfig } from 'wrangler';
import { PROJECT_ROOT } from '../project-root.ts';
import { spawnWrangler } from '../wrangler-process.ts';
import type { DeployConfig } from './deploy-faults.ts';
import { findConfigFaults, findSecretFaults } from './deploy-faults.ts';
import { smokeTest } from './smoke-test.ts';

const { values } = parseArgs({
  options: {
    env: { type: 'string', default: 'production' },
    url: { type: 'string' },
    'dry-run': { type: 'boolean', default: false },
  },
});
const environment = values.env;
const isDryRun = values['dry-run'];
const WORKERS_DEV_URL = /https:\/\/[\w.-]+\.workers\.dev/;

const log = (text: string): void => console.log(`[deploy] ${text}`);

function refuse(faults: readonly string[]): never {
  for (const fault of faults) console.error(`[deploy] ${fault}`);
  process.exit(1);
}

/** Runs wrangler and relays its output. Ends the program when wrangler fails. Returns what wrangler printed. */
function wrangler(args: readonly string[], { relay = true } = {}): Promise<string> {
  const child = spawnWrangler([...args, '--env', environment], { CI: '1' });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += String(chunk);
    if (relay) process.stdout.write(chunk);
  });
  child.stderr?.pipe(process.stderr);
  return new Promise((resolve) => {
    child.once('error', (error) => refuse([error.message]));
    child.once('close', (code) =>
      code === 0 ? resolve(output) : refuse([`"wrangler ${args.join(' ')}" failed; nothing after it was done.`]),
    );
  });
}

interface DeclaredDatabase {
  readonly binding: string;
  readonly database_name?: string;
  readonly database_id?: string;
}

function readEnvironment(): DeployConfig {
  const config = readConfig({ config: join(PROJECT_ROOT, 'wrangler.toml'), env: environment });
  const declared: readonly DeclaredDatabase[] = config.d1_databases;
  const databases = declared.map(({ binding, database_name: name = '', database_id: id }) => ({ binding, name, id }));
  return { vars: config.vars, databases };
}

async function dryRun(config: DeployConfig): Promise<void> {
  const outdir = await mkdtemp(join(tmpdir(), 'arbiter-deploy-'));
  try {
    await wrangler(['deploy', '--dry-run', '--outdir', outdir]);
  } finally {
    await rm(outdir, { recursive: true, force: true });
  }
  const faults = findConfigFaults(config, environment);
  for (const fault of faults) log(`a deployment would be refused: ${fault}`);
  log('a deployment would check the secrets, apply the migrations, deploy, and call the result');
}

async function deploy(config: DeployConfig): Promise<void> {
  const faults = findConfigFaults(config, environment);
  if (faults.length > 0) refuse(faults);
  const secrets = JSON.parse(await wrangler(['secret', 'list', '--format', 'json'], { relay: false })) as {
    name: string;
  }[];
  const secretFaults = findSecretFaults(
    secrets.map(({ name }) => name),
    config.vars,
    environment,
  );
  if (secretFaults.length > 0) refuse(secretFaults);
  log('configuration and secrets are in order');

  for (const { name } of config.databases) await wrangler(['d1', 'migrations', 'apply', name, '--remote']);
  const output = await wrangler(['deploy']);
  const url = values.url ?? stringOf(config.vars['PUBLIC_URL']) ?? WORKERS_DEV_URL.exec(output)?.[0];
  if (url === undefined) return log('deployed. Not called, because its URL is unknown: pass --url');
  const failures = await smokeTest(url.replace(/\/$/, ''), process.env['COORDINATOR_ADMIN_KEY']);
  if (failures.length > 0) refuse(failures);
  return log(`${url} serves, and refuses callers without a key`);
}

const stringOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

const config = readEnvironment();
await (isDryRun ? dryRun(config) : deploy(config));
