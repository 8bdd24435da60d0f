/**
 * The words in which programs say how they are, and what each means here.
 *
 * Whoever is starting is degraded, not down: it is routed to only if nothing better is left, and nobody restarts it
 * for starting. Whoever is stopping is down: the next piece of work would be lost with it.
 */
import { printable } from '../../printable.ts';

export type Verdict = 'healthy' | 'degraded' | 'unhealthy';

/** What somebody said of itself: the verdict, and the word it was said in, fit to be shown. */
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

const BADNESS: Readonly<Record<Verdict, number>> = { healthy: 0, degraded: 1, unhealthy: 2 };

/** No word we know comes near it; what is longer is not looked at, so that no pattern runs over a whole body. */
const MAX_WORD_LENGTH = 64;

/** What a word says, whatever its case, its spaces and its full stop; undefined when nobody knows it. */
export function readWord(text: string): Statement | undefined {
  if (text.length > MAX_WORD_LENGTH) return undefined;
  const word = text
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_')
    .replace(/[.!]+$/, '');
  const denied = word.startsWith('not_') ? WORDS.get(word.slice(4)) : undefined;
  // "Not stopping" is well; "not degraded" may be better or worse.
  const opposite = denied === 'healthy' ? 'unhealthy' : denied === 'unhealthy' ? 'healthy' : undefined;
  const verdict = opposite ?? WORDS.get(word);
  return verdict && { verdict, details: printable(text.trim()) };
}

/** A flag such as `healthy: true`, also as text or number. */
export function readFlag(value: unknown, whenTrue: Verdict, whenFalse: Verdict): Statement | undefined {
  const said = typeof value === 'string' && value.length <= MAX_WORD_LENGTH ? value.trim().toLowerCase() : value;
  if (said === true || said === 1 || said === 'true') return { verdict: whenTrue, details: whenTrue };
  if (said === false || said === 0 || said === 'false') return { verdict: whenFalse, details: whenFalse };
  return undefined;
}

/** The worst of several statements, the first of equals. */
export function worstOf(statements: Iterable<Statement | undefined>): Statement | undefined {
  let worst: Statement | undefined;
  for (const statement of statements)
    if (statement && (!worst || BADNESS[statement.verdict] > BADNESS[worst.verdict])) worst = statement;
  return worst;
}
