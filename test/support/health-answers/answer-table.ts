/** The table of answers and verdicts as docs/health.md shows it. */
import { markdownTable } from '../../sim/table.ts';
import type { HealthAnswer } from './health-answer.ts';

const MAX_BODY = 90;

export const answerTable = (answers: readonly HealthAnswer[]): string =>
  markdownTable(
    ['Who answers, or what is wrong', 'What comes', 'Read as'],
    answers.map((answer) => [answer.name, shownOf(answer), verdictOf(answer)]),
  );

function shownOf({ answer, shown }: HealthAnswer): string {
  if (shown !== undefined) return shown;
  if (!('status' in answer)) return '';
  const body = answer.body.replaceAll('\n', '\\n').replaceAll('|', '\\|');
  const text = body.length > MAX_BODY ? `${body.slice(0, MAX_BODY)}…` : body;
  return `\`${`${answer.status} ${text}`.trim()}\``;
}

const verdictOf = ({ verdict }: HealthAnswer): string =>
  verdict.startsWith('failed: ') ? `failed \`${verdict.slice('failed: '.length)}\`` : verdict;
