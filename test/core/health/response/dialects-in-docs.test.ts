/** The table in docs/reference/health-dialects.md equals the tested one; `WRITE_DOCS=1` writes it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { answerTable } from '../../../support/health-answers/answer-table.ts';
import { HEALTH_ANSWERS } from '../../../support/health-answers/health-answers.ts';

const PAGE = new URL('../../../../docs/reference/health-dialects.md', import.meta.url);
const [BEGIN, END] = ['<!-- answers -->', '<!-- end of answers -->'];

it('shows every answer that is tested, with its verdict', () => {
  const page = readFileSync(PAGE, 'utf8');
  const [from, to] = [page.indexOf(BEGIN) + BEGIN.length, page.indexOf(END)];
  expect(to).toBeGreaterThan(from);
  const table = answerTable(HEALTH_ANSWERS);
  if (process.env['WRITE_DOCS']) writeFileSync(PAGE, `${page.slice(0, from)}\n\n${table}\n\n${page.slice(to)}`);
  else expect(page.slice(from, to).trim()).toBe(table);
});

it('has a name of its own for each of them, and both kinds in number', () => {
  const names = HEALTH_ANSWERS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names.length).toBeGreaterThanOrEqual(40);
});
