/** The table of responses and verdicts in docs/reference/health-dialects.md. */
import { markdownTable } from '../../sim/table.ts';
import type { HealthResponseCase } from './health-answer.ts';

const MAX_BODY = 90;

export const responseTable = (responses: readonly HealthResponseCase[]): string =>
  markdownTable(
    ['Sender or fault', 'Response', 'Verdict'],
    responses.map((response) => [response.name, shownOf(response), verdictOf(response)]),
  );

function shownOf({ response, shown }: HealthResponseCase): string {
  if (shown !== undefined) return shown;
  if (!('status' in response)) return '';
  const body = response.body.replaceAll('\n', '\\n').replaceAll('|', '\\|');
  const text = body.length > MAX_BODY ? `${body.slice(0, MAX_BODY)}…` : body;
  return `\`${`${response.status} ${text}`.trim()}\``;
}

const verdictOf = ({ verdict }: HealthResponseCase): string =>
  verdict.startsWith('failed: ') ? `failed \`${verdict.slice('failed: '.length)}\`` : verdict;
