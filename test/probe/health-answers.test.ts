/**
 * Every answer of the table in docs/reference/health-dialects.md, over a real socket, judged by the prober as it runs in production. The
 * one place where time is asserted: a verdict must be there when the timeout is over, whatever the other side does.
 */
import { exports } from 'cloudflare:workers';
import { describe, expect, inject, it } from 'vitest';
import type { AttemptOutcome } from '../../src/core/health/check.ts';
import type { ProbeRunner, ProbeTarget } from '../../src/probe/probe-runner.ts';
import type { HealthAnswer } from '../support/health-answers/health-answer.ts';
import { HEALTH_ANSWERS } from '../support/health-answers/health-answers.ts';

const { Prober: prober } = exports as unknown as { readonly Prober: ProbeRunner };

const TIMEOUT_MS = 1_000;
const AT_MOST_MS = TIMEOUT_MS + 100;
/** A machine that is busy with other tests may keep us waiting; it does not do so again and again. */
const TRIES = 4;

/** What one socket takes in before its peer hangs up: 64 KiB, and what the system's own buffers hold. */
const MAX_TAKEN_BYTES = 16_777_216;
/** The bomb unpacks to 64 MiB, and each of the endless ones would fill any memory. */
const MAX_GROWTH_BYTES = 100_000_000;
const ROUNDS = 20;

const urlOf = (answer: HealthAnswer): string => {
  const { url, places } = inject('answers');
  return 'place' in answer.answer ? places[answer.answer.place] : `${url}/${HEALTH_ANSWERS.indexOf(answer)}`;
};

const targetOf = (answer: HealthAnswer): ProbeTarget => ({
  componentId: answer.name,
  url: urlOf(answer),
  method: 'GET',
  headers: {},
  expect: {},
  degradedAfterMs: 500,
  order: { checkId: 1, attempt: 0, timeoutMs: TIMEOUT_MS, suspicionMs: TIMEOUT_MS },
});

async function probe(answer: HealthAnswer): Promise<{ outcome: AttemptOutcome; tookMs: number }> {
  const startedAt = Date.now();
  const outcomes: AttemptOutcome[] = [];
  let tookMs = 0;
  await prober.run([targetOf(answer)], async (reports) => {
    tookMs = Date.now() - startedAt;
    outcomes.push(...reports.map((report) => report.outcome));
  });
  const outcome = outcomes.findLast(({ kind }) => kind !== 'unanswered')!;
  // A good report waits for others a moment before it is sent; what counts is when the verdict was there.
  return { outcome, tookMs: outcome.kind === 'passed' ? outcome.responseTimeMs : tookMs };
}

const verdictOf = (outcome: AttemptOutcome): string =>
  outcome.kind === 'passed' ? outcome.status : outcome.kind === 'failed' ? `failed: ${outcome.error.code}` : 'none';

/** Judged again where a busy machine may have come between: late, or slow where nothing is. */
async function judge(answer: HealthAnswer): Promise<{ verdict: string; tookMs: number }> {
  for (let attempt = 1; ; attempt++) {
    const { outcome, tookMs } = await probe(answer);
    const verdict = verdictOf(outcome);
    if ((verdict === answer.verdict && tookMs <= AT_MOST_MS) || attempt === TRIES) return { verdict, tookMs };
  }
}

interface Stats {
  readonly taken: Readonly<Record<string, number>>;
  readonly runtimeBytes: number | null;
}

const stats = async (): Promise<Stats> => (await fetch(`${inject('answers').url}/stats`)).json();

describe('an answer to a health check', () => {
  it.each(HEALTH_ANSWERS)('$name: $verdict', async (answer) => {
    const { verdict, tookMs } = await judge(answer);
    expect(verdict).toBe(answer.verdict);
    expect(tookMs).toBeLessThanOrEqual(AT_MOST_MS);
  });

  it('costs no more memory for being endless, packed or all headers', async () => {
    const large = HEALTH_ANSWERS.filter(({ name }) => /endless|bomb|2 MB/.test(name));
    expect(large).toHaveLength(7);
    for (const answer of large) await probe(answer);
    let grownBytes = Infinity;
    // Other tests share the runtime and may grow meanwhile, but not each time.
    for (let attempt = 1; attempt <= TRIES && grownBytes >= MAX_GROWTH_BYTES; attempt++) {
      const before = await stats();
      for (let round = 0; round < ROUNDS; round++) await Promise.all(large.map(probe));
      const after = await stats();
      const taken = large.map((answer) => after.taken[HEALTH_ANSWERS.indexOf(answer)] ?? 0);
      expect(Math.max(...taken)).toBeLessThanOrEqual(MAX_TAKEN_BYTES);
      // Where nobody can tell, what the sockets took must do.
      grownBytes = (after.runtimeBytes ?? 0) - (before.runtimeBytes ?? 0);
    }
    expect(grownBytes).toBeLessThan(MAX_GROWTH_BYTES);
  });
});
