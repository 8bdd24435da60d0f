/** Compatibility date that the project is deployed with. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../../src/dev/project-root.ts';

const CONFIG = readFileSync(join(PROJECT_ROOT, 'wrangler.toml'), 'utf8');

export const COMPATIBILITY_DATE: string = /^compatibility_date = "([\d-]+)"/m.exec(CONFIG)![1]!;
