/**
 * `npm run build`: builds the dashboard into a staging directory, then mirrors the result into `dist/dashboard`.
 *
 * Every coordinator builds at its start, while others may serve the same directory. Emptying that directory first
 * would make the page and its security headers unavailable for a moment.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'vite';
import { mirrorDirectory } from './mirror-directory.ts';
import { PROJECT_ROOT } from './project-root.ts';

const root = join(PROJECT_ROOT, 'src', 'dashboard');
const dist = join(PROJECT_ROOT, 'dist');

await mkdir(dist, { recursive: true });
const stagingDirectory = await mkdtemp(join(dist, '.dashboard-'));
try {
  await build({
    root,
    configFile: join(root, 'vite.config.ts'),
    build: { outDir: stagingDirectory, emptyOutDir: true },
  });
  await mirrorDirectory(stagingDirectory, join(dist, 'dashboard'));
} finally {
  await rm(stagingDirectory, { recursive: true, force: true });
}
