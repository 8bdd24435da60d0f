/**
 * Every response of the table in docs/reference/health-dialects.md, over a real socket, judged by the prober as in
 * production. The only test that asserts time: the verdict must exist when the timeout is over.
 */
import { exports } from 'cloudflare:workers';
import { describe, expect, inject, it } from 'vitest';
import type { ProbeOutcome } from '../../src/core/health/check.ts';
import type { ProbeRunner, ProbeTarget } from '../../src/probe/probe-runner.ts';
import type { HealthResponseCase } from '../support/health-answers/health-answer.ts';
import { HEALTH_RESPONSES } from '../support/health-answers/health-answers.ts';

const { Prober: prober } = exports as unknown as { readonly Prober: ProbeRunner };

const TIMEOUT_MS = 1_000;
/** The timeout counts only time in which the prober runs, so a busy machine makes it longer. */
const AT_MOST_MS = 2 * TIMEOUT_MS;
/** Attempts per case, because a busy machine may delay one of them, but not all. */
const TRIES = 4;

/** Limit of what a server can send before the prober closes the socket: 64 KiB and the buffers of the system. */
const MAX_SENT_BYTES = 16_777_216;
/** Limit of memory growth: the bomb unpacks to 64 MiB, and an endless response would fill any memory. */
const MAX_GROWTH_BYTES = 100_000_000;
const ROUNDS = 20;

const urlOf = (testCase: HealthResponseCase): string => {
  const { url, places } = inject('healthResponses');
  return 'place' in testCase.response
    ? places[testCase.response.place]
    : `${url}/${HEALTH_RESPONSES.indexOf(testCase)}`;
};

const targetOf = (testCase: HealthResponseCase): ProbeTarget => ({
  componentId: testCase.name,
  url: urlOf(testCase),
  method: 'GET',
  headers: {},
  expect: {},
  details: false,
  degradedAfterMs: 500,
  order: { checkId: 1, attempt: 0, timeoutMs: TIMEOUT_MS, suspicionMs: TIMEOUT_MS },
});

async function probe(testCase: HealthResponseCase): Promise<{ outcome: ProbeOutcome; tookMs: number }> {
  const startedAt = Date.now();
  const outcomes: ProbeOutcome[] = [];
  let tookMs = 0;
  await prober.run([targetOf(testCase)], async (reports) => {
    tookMs = Date.now() - startedAt;
    outcomes.push(...reports.map((report) => report.outcome));
  });
  const outcome = outcomes.findLast(({ kind }) => kind !== 'unanswered')!;
  // A passed report is delayed for batching, so the response time counts instead of the arrival of the report.
  return { outcome, tookMs: outcome.kind === 'passed' ? outcome.responseTimeMs : tookMs };
}

const verdictOf = (outcome: ProbeOutcome): string =>
  outcome.kind === 'passed' ? outcome.status : outcome.kind === 'failed' ? `failed: ${outcome.error.code}` : 'none';

/** Probes again after a late or unexpected verdict, which a busy machine may cause. */
async function judge(testCase: HealthResponseCase): Promise<{ verdict: string; tookMs: number }> {
  for (let attempt = 1; ; attempt++) {
    const { outcome, tookMs } = await probe(testCase);
    const verdict = verdictOf(outcome);
    if ((verdict === testCase.verdict && tookMs <= AT_MOST_MS) || attempt === TRIES) return { verdict, tookMs };
  }
}

interface Stats {
  readonly bytesRead: Readonly<Record<string, number>>;
  readonly runtimeBytes: number | null;
}

const stats = async (): Promise<Stats> => (await fetch(`${inject('healthResponses').url}/stats`)).json();

describe('a response to a health check', () => {
  it.each(HEALTH_RESPONSES)('$name: $verdict', async (testCase) => {
    const { verdict, tookMs } = await judge(testCase);
    expect(verdict).toBe(testCase.verdict);
    expect(tookMs).toBeLessThanOrEqual(AT_MOST_MS);
  });

  it('needs no more memory when it is endless, compressed or all headers', async () => {
    const large = HEALTH_RESPONSES.filter(({ name }) => /endless|bomb|2 MB/.test(name));
    expect(large).toHaveLength(8);
    for (const testCase of large) await probe(testCase);
    let grownBytes = Infinity;
    // Other tests share the runtime and may grow in the meantime, but not each time.
    for (let attempt = 1; attempt <= TRIES && grownBytes >= MAX_GROWTH_BYTES; attempt++) {
      const before = await stats();
      for (let round = 0; round < ROUNDS; round++) await Promise.all(large.map(probe));
      const after = await stats();
      const bytesRead = large.map((testCase) => after.bytesRead[HEALTH_RESPONSES.indexOf(testCase)] ?? 0);
      expect(Math.max(...bytesRead)).toBeLessThanOrEqual(MAX_SENT_BYTES);
      // Without the memory size of the runtime, only the bytes of the sockets are asserted.
      grownBytes = (after.runtimeBytes ?? 0) - (before.runtimeBytes ?? 0);
    }
    expect(grownBytes).toBeLessThan(MAX_GROWTH_BYTES);
  });
});
