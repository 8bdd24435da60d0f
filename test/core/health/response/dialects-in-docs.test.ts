/** The table in docs/reference/health-dialects.md equals the tested one; `WRITE_DOCS=1` writes it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { responseTable } from '../../../support/health-answers/answer-table.ts';
import { HEALTH_RESPONSES } from '../../../support/health-answers/health-answers.ts';

const PAGE = new URL('../../../../docs/reference/health-dialects.md', import.meta.url);
const [BEGIN, END] = ['<!-- answers -->', '<!-- end of answers -->'];

it('the page lists every tested response with its verdict', () => {
  const page = readFileSync(PAGE, 'utf8');
  const [from, to] = [page.indexOf(BEGIN) + BEGIN.length, page.indexOf(END)];
  expect(to).toBeGreaterThan(from);
  const table = responseTable(HEALTH_RESPONSES);
  if (process.env['WRITE_DOCS']) writeFileSync(PAGE, `${page.slice(0, from)}\n\n${table}\n\n${page.slice(to)}`);
  else expect(page.slice(from, to).trim()).toBe(table);
});

it('every tested response has a unique name', () => {
  const names = HEALTH_RESPONSES.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThanOrEqual(40);
});
