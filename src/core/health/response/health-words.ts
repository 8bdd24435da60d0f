/**
 * The words that programs use for their health, with the verdict of each.
 *
 * A starting program is degraded, not down: routing uses it only as a fallback, and no recovery restarts it for
 * starting. A stopping program is down: the next piece of work would be lost.
 */
import { printable } from '../../printable.ts';

export type Verdict = 'healthy' | 'degraded' | 'unhealthy';

/** A program's statement about its own health: the verdict and the original word, printable. */
export interface Statement {
  readonly verdict: Verdict;
  readonly details: string;
}

const WORDS_OF: Readonly<Record<Verdict, string>> = {
  healthy:
    'healthy pass passing passed ok okay up alive live ready running good green success serving true fine well ' +
    'available online operational working started pong all_systems_operational',
  degraded:
    'degraded warn warning partial yellow impaired slow unstable limited recovering overloaded starting starting_up ' +
    'initializing initialising warming_up degraded_performance partial_outage minor_outage',
  unhealthy:
    'unhealthy fail failed failing failure down error errored critical fatal red out_of_service unavailable ' +
    'service_unavailable temporarily_unavailable service_unknown offline dead unready notready broken crashed outage ' +
    'major_outage shutting_down stopping stopped terminating terminated draining drain maint maintenance ' +
    'under_maintenance maintenance_mode false',
};

const WORDS: ReadonlyMap<string, Verdict> = new Map(
  (Object.keys(WORDS_OF) as Verdict[]).flatMap((verdict) =>
    WORDS_OF[verdict].split(' ').map((word) => [word, verdict] as const),
  ),
);

const SEVERITY: Readonly<Record<Verdict, number>> = { healthy: 0, degraded: 1, unhealthy: 2 };

/** Longer than any known word. Longer text is not read, so that no pattern runs over a whole body. */
const MAX_WORD_LENGTH = 64;

/** Reads a word, ignoring case, spacing and a final full stop; undefined for an unknown word. */
export function readWord(text: string): Statement | undefined {
  if (text.length > MAX_WORD_LENGTH) return undefined;
  const word = text
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_')
    .replace(/[.!]+$/, '');
  const negated = word.startsWith('not_') ? WORDS.get(word.slice(4)) : undefined;
  // "Not stopping" is healthy; "not degraded" may be better or worse.
  const opposite = negated === 'healthy' ? 'unhealthy' : negated === 'unhealthy' ? 'healthy' : undefined;
  const verdict = opposite ?? WORDS.get(word);
  return verdict && { verdict, details: printable(text.trim()) };
}

/** Reads a flag such as `healthy: true`, also as text or number. */
export function readFlag(value: unknown, whenTrue: Verdict, whenFalse: Verdict): Statement | undefined {
  const flag = typeof value === 'string' && value.length <= MAX_WORD_LENGTH ? value.trim().toLowerCase() : value;
  if (flag === true || flag === 1 || flag === 'true') return { verdict: whenTrue, details: whenTrue };
  if (flag === false || flag === 0 || flag === 'false') return { verdict: whenFalse, details: whenFalse };
  return undefined;
}

/** The worst of several statements; the first when several are equally bad. */
export function worstOf(statements: Iterable<Statement | undefined>): Statement | undefined {
  let worst: Statement | undefined;
  for (const statement of statements)
    if (statement && (!worst || SEVERITY[statement.verdict] > SEVERITY[worst.verdict])) worst = statement;
  return worst;
}
