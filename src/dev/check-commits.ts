/**
 * Checks the subjects of the commits since the last tag, at most 50. Skips commits older than this check, and does
 * nothing outside a git checkout.
 */
import { spawnSync } from 'node:child_process';
import { judgeSubject } from './judge-subject.ts';
import { PROJECT_ROOT } from './project-root.ts';

const MAX_COMMITS = 50;
const THIS_FILE = 'src/dev/check-commits.ts';

/** The trimmed output of git, or null when git fails. */
function git(...args: readonly string[]): string | null {
  const { status, stdout } = spawnSync('git', args, { cwd: PROJECT_ROOT, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
}

const tag = git('describe', '--tags', '--abbrev=0');
const added = git('log', '--diff-filter=A', '--format=%H', '--', THIS_FILE)?.split('\n').at(-1);
const since = [tag, added].filter((revision) => revision).map((revision) => `^${revision}`);
const log = git('log', '--no-merges', '--format=%h %s', `--max-count=${MAX_COMMITS}`, 'HEAD', ...since);

const faults = (log ?? '').split('\n').flatMap((line) => {
  const subject = line.slice(line.indexOf(' ') + 1);
  const fault = line === '' ? null : judgeSubject(subject);
  return fault === null ? [] : [`${line}: ${fault}`];
});
for (const fault of faults) console.error(fault);
if (log === null) console.log('no git history to check');
if (faults.length > 0) process.exit(1);
