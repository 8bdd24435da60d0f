/**
 * `npm run check`: every check that a change must pass, fastest first. CI runs the same. The tests run last, so that
 * their summary is the last line.
 */
import { spawnSync } from 'node:child_process';
import { PROJECT_ROOT } from './project-root.ts';

const STEPS: readonly (readonly [string, readonly string[]])[] = [
  ['commit subjects', ['node', 'src/dev/check-commits.ts']],
  ['format', ['oxfmt', '--check', '.']],
  ['lint', ['oxlint', '--type-aware']],
  ['types: Worker', ['tsc', '--noEmit']],
  ['types: dashboard', ['tsc', '-p', 'src/dashboard']],
  ['types: dev, demo', ['tsc', '-p', 'src/dev']],
  ['types: tests', ['tsc', '-p', 'test']],
  ['types: e2e tests', ['tsc', '-p', 'test/e2e']],
  ['types: benches', ['tsc', '-p', 'test/bench']],
  ['types: simulation', ['tsc', '-p', 'test/sim']],
  ['generated files', ['npm', 'run', '--silent', 'types', '--', '--check']],
  ['generated docs', ['npm', 'run', '--silent', 'docs:events', '--', '--check']],
  ['unused code', ['knip']],
  ['tests', ['npm', 'test', '--silent']],
];

for (const [name, [command = '', ...args]] of STEPS) {
  console.log(`\n# ${name}`);
  const { status, error } = spawnSync(command, args, {
    cwd: PROJECT_ROOT,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (error) console.error(error.message);
  if (status !== 0) process.exit(status ?? 1);
}
