/** `npm run deploy` as far as it runs without an account, and its smoke test against a real coordinator. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { smokeTest } from '../../src/dev/deploy/smoke-test.ts';
import { PROJECT_ROOT } from '../../src/dev/project-root.ts';
import { ownCoordinator } from '../support/node/own-coordinator.ts';

const run = promisify(execFile);
const DEPLOY = join(PROJECT_ROOT, 'src', 'dev', 'deploy', 'deploy.ts');
const deploy = (...args: string[]): Promise<{ stdout: string }> =>
  run(process.execPath, ['--no-warnings', DEPLOY, ...args], { cwd: PROJECT_ROOT });
const coordinator = ownCoordinator();

it('builds the Worker of production, and says what a deployment needs', async () => {
  const { stdout } = await deploy('--dry-run');
  expect(stdout).toContain('env.HISTORY (arbiter-history-production)');
  expect(stdout).toContain('wrangler d1 create arbiter-history-production');
}, 120_000);

it('refuses to deploy before anything was changed', async () => {
  const failed = await deploy().catch((error: { code: number; stderr: string }) => error);
  expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('has no database_id') });
}, 60_000);

it('passes a coordinator that serves, and names what is wrong', async () => {
  const { url, key } = coordinator();
  expect(await smokeTest(url, key)).toEqual([]);
  expect(await smokeTest(url, 'another-key')).toEqual([expect.stringContaining('401 with the admin key')]);
});
