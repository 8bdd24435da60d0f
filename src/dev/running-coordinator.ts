/**
 * File that names the coordinator of `npm start` on this machine, so that other programs of the project find it without
 * a setting. The file may outlive its coordinator: a reader checks that the URL responds.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PROJECT_ROOT } from './project-root.ts';

const FILE = join(PROJECT_ROOT, '.wrangler', 'running-coordinator.json');

interface Running {
  readonly url: string;
  /** Process that wrote the file. */
  readonly pid: number;
}

export function announceRunning(url: string, file = FILE): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ url, pid: process.pid } satisfies Running));
}

/** Removes the file, unless another coordinator has replaced it. */
export function withdrawRunning(file = FILE): void {
  if (readRunning(file)?.pid === process.pid) rmSync(file, { force: true });
}

/** URL of the coordinator that announced itself last, or null. */
export const runningUrl = (file = FILE): string | null => readRunning(file)?.url ?? null;

function readRunning(file: string): Running | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Running;
  } catch {
    return null; // No file, or one that is not complete.
  }
}
