/** Bundles Workers like a deployment, into a temporary folder. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { PROJECT_ROOT } from '../../../src/dev/project-root.ts';
import { COMPATIBILITY_DATE } from './compatibility-date.ts';

/** Bundles an entry (relative to the project) and returns the path of the module. */
export function buildBundle(entry: string, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'wrangler.json');
  const main = join(PROJECT_ROOT, entry);
  writeFileSync(
    config,
    JSON.stringify({ name: 'bench', main, compatibility_date: COMPATIBILITY_DATE, keep_names: false }),
  );
  const args = ['deploy', '--dry-run', '--config', config, '--outdir', join(folder, 'out')];
  const { status, stderr } = spawnSync('wrangler', args, { cwd: PROJECT_ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${entry} cannot be bundled: ${stderr}`);
  return join(folder, 'out', `${basename(entry, '.ts')}.js`);
}
