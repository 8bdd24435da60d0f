/**
 * Who can say whether it is we who cannot see: a URL that an operator named for it, or else components of the
 * other types, which have nothing in common with those in question but us.
 */
import type { CanaryVerdict } from '../../core/health/self-doubt.ts';
import { combine } from '../../core/health/self-doubt.ts';
import type { CheckRunner } from './check-runner.ts';
import type { Member } from '../state/member.ts';
import type { RegistryState } from '../state/registry-state.ts';

const MAX_TYPES = 5;
const MAX_WITNESSES = 2;
/** A check that passed so lately need not be repeated. */
const FRESH_MS = 2_000;
const ANSWER_WITHIN_MS = 3_000;

export interface CanaryDeps {
  readonly look: (url: string) => Promise<boolean>;
  /** Types other than this one that have components. */
  readonly otherTypes: () => Promise<readonly string[]>;
  readonly verdictOf: (type: string) => Promise<CanaryVerdict>;
}

export async function checkCanary(canaryUrl: string | null, ports: CanaryDeps): Promise<CanaryVerdict> {
  if (canaryUrl !== null) return (await ports.look(canaryUrl)) ? 'seen' : 'unseen';
  const types = (await ports.otherTypes()).slice(0, MAX_TYPES);
  return combine(await Promise.all(types.map((type) => ports.verdictOf(type).catch((): CanaryVerdict => 'none'))));
}

/** What the components of this type can say: those that were well are looked at, unless one was seen a moment ago. */
export async function canaryVerdict(state: RegistryState, rounds: CheckRunner, now: number): Promise<CanaryVerdict> {
  const witnesses = Array.from(state.members.values()).filter(canTestify);
  if (witnesses.length === 0) return 'none';
  if (Math.abs(now - rounds.lastPassedAt) <= FRESH_MS) return 'seen';
  const asked = witnesses.toSorted((a, b) => a.ordinal - b.ordinal).slice(0, MAX_WITNESSES);
  const verdicts = asked.map(async (member): Promise<CanaryVerdict> => {
    const verdict = new Promise<CanaryVerdict>((resolve) =>
      member.waiting.push(({ outcome }) => resolve(outcome === 'passed' ? 'seen' : 'unseen')),
    );
    rounds.startNow([member], now);
    return verdict;
  });
  const tooLate = new Promise<CanaryVerdict>((resolve) => setTimeout(() => resolve('unseen'), ANSWER_WITHIN_MS));
  return Promise.race([firstSeen(verdicts), tooLate]);
}

const canTestify = ({ record: { registration, lifecycle, health } }: Member): boolean =>
  registration.healthCheck !== undefined &&
  lifecycle.state === 'active' &&
  (health.status === 'healthy' || health.status === 'degraded');

/** As soon as one is seen, or when all have answered. */
const firstSeen = (verdicts: readonly Promise<CanaryVerdict>[]): Promise<CanaryVerdict> =>
  new Promise((resolve) => {
    for (const verdict of verdicts)
      void verdict.then((testimony) => (testimony === 'seen' ? resolve('seen') : undefined));
    void Promise.all(verdicts).then((testimonies) => resolve(combine(testimonies)));
  });
