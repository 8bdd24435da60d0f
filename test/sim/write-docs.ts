/** Writes the tables and the plot into docs/. Replaces only the text between the marks. */
import { readFileSync, writeFileSync } from 'node:fs';
import { LOADS } from './cases.ts';
import { plot } from './plot.ts';
import { comparison, figures, goals, limits, apertures, unreported } from './report.ts';
import type { Results } from './results.ts';

const PAGE = new URL('../../docs/reference/routing-simulation.md', import.meta.url);
const PICTURE = new URL('../../docs/reference/routing-simulation.svg', import.meta.url);

export function writeDocs(results: Results): void {
  const tables: Record<string, string> = {
    goals: goals(results),
    segments: apertures(results),
    limits: limits(results),
    unreported: unreported(results),
  };
  for (const load of LOADS) {
    tables[`p99 at ${load}`] = comparison(results, load);
    tables[`figures at ${load}`] = figures(results, load);
  }
  let page = readFileSync(PAGE, 'utf8');
  for (const [name, table] of Object.entries(tables)) page = replaced(page, name, table);
  writeFileSync(PAGE, page);
  writeFileSync(PICTURE, plot(results));
}

function replaced(page: string, name: string, table: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`docs/reference/routing-simulation.md has no place for "${name}"`);
  return `${page.slice(0, from + begin.length)}\n\n${table}\n\n${page.slice(to)}`;
}
