/**
 * `npm run build`: the dashboard's files, built beside the ones in use and then brought in. Every coordinator
 * builds as it starts, while others may serve the same directory: emptied first, the page would be away for a
 * moment, and its security headers with it.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'vite';
import { mirrorDirectory } from './mirror-directory.ts';
import { PROJECT_ROOT } from './project-root.ts';

const root = join(PROJECT_ROOT, 'src', 'dashboard');
const dist = join(PROJECT_ROOT, 'dist');

await mkdir(dist, { recursive: true });
const staged = await mkdtemp(join(dist, '.dashboard-'));
try {
  await build({ root, configFile: join(root, 'vite.config.ts'), build: { outDir: staged, emptyOutDir: true } });
  await mirrorDirectory(staged, join(dist, 'dashboard'));
} finally {
  await rm(staged, { recursive: true, force: true });
}
