/**
 * `npm run build`: builds the dashboard into a staging directory, then mirrors the result into `dist/dashboard`. Does
 * nothing when the sources are those of the last build.
 *
 * Every coordinator builds at its start, while others may serve the same directory. Emptying that directory first
 * would make the page and its security headers unavailable for a moment.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFiles } from './file-hash.ts';
import { mirrorDirectory } from './mirror-directory.ts';
import { PROJECT_ROOT } from './project-root.ts';

/** All that the bundle contains. The other imports of the dashboard are types. */
const SOURCES = ['src/dashboard', 'src/client', 'package-lock.json'];
const root = join(PROJECT_ROOT, 'src', 'dashboard');
const dist = join(PROJECT_ROOT, 'dist');
const target = join(dist, 'dashboard');
/** Hash of the sources of the last build. Outside of the target, whose files are public. */
const stampFile = join(dist, 'dashboard.sha256');

async function build(): Promise<void> {
  const vite = await import('vite');
  await mkdir(dist, { recursive: true });
  const stagingDirectory = await mkdtemp(join(dist, '.dashboard-'));
  try {
    await vite.build({
      root,
      configFile: join(root, 'vite.config.ts'),
      build: { outDir: stagingDirectory, emptyOutDir: true },
    });
    await mirrorDirectory(stagingDirectory, target);
  } finally {
    await rm(stagingDirectory, { recursive: true, force: true });
  }
}

const hash = hashFiles(SOURCES);
const isCurrent =
  existsSync(join(target, 'index.html')) && (await readFile(stampFile, 'utf8').catch(() => '')) === hash;
if (isCurrent) console.log('the dashboard is up to date');
else {
  await build();
  await writeFile(stampFile, hash);
}
