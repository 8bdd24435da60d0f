import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { announceRunning, runningUrl, withdrawRunning } from '../../src/dev/running-coordinator.ts';

let home: string;
const file = (): string => join(home, '.wrangler', 'running-coordinator.json');

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'arbiter-running-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

it('names the coordinator until it ends', () => {
  expect(runningUrl(file())).toBeNull();
  announceRunning('http://127.0.0.1:9001', file());
  expect(runningUrl(file())).toBe('http://127.0.0.1:9001');
  withdrawRunning(file());
  expect(runningUrl(file())).toBeNull();
});

it('keeps the file of another coordinator', async () => {
  announceRunning('http://127.0.0.1:9001', file());
  const other = JSON.stringify({ url: 'http://127.0.0.1:9002', pid: process.pid + 1 });
  await writeFile(file(), other);
  withdrawRunning(file());
  expect(runningUrl(file())).toBe('http://127.0.0.1:9002');
});

it('ignores a file that is not complete', async () => {
  announceRunning('http://127.0.0.1:9001', file());
  await writeFile(file(), '{"url": "http');
  expect(runningUrl(file())).toBeNull();
});
