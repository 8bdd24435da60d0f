/**
 * Who can say whether it is we who cannot see: a URL that an operator named for it, or else components of the
 * other types, which have nothing in common with those in question but us.
 */
import type { Testimony } from '../../core/health/self-doubt.ts';
import { together } from '../../core/health/self-doubt.ts';
import type { CheckRounds } from './check-runner.ts';
import type { Member } from '../state/member.ts';
import type { RegistryState } from '../state/registry-state.ts';

const MAX_TYPES = 5;
const MAX_WITNESSES = 2;
/** A check that passed so lately need not be repeated. */
const FRESH_MS = 2_000;
const ANSWER_WITHIN_MS = 3_000;

export interface WitnessPorts {
  readonly look: (url: string) => Promise<boolean>;
  /** Types other than this one that have components. */
  readonly otherTypes: () => Promise<readonly string[]>;
  readonly testify: (type: string) => Promise<Testimony>;
}

export async function askWitness(canaryUrl: string | null, ports: WitnessPorts): Promise<Testimony> {
  if (canaryUrl !== null) return (await ports.look(canaryUrl)) ? 'seen' : 'unseen';
  const types = (await ports.otherTypes()).slice(0, MAX_TYPES);
  return together(await Promise.all(types.map((type) => ports.testify(type).catch((): Testimony => 'none'))));
}

/** What the components of this type can say: those that were well are looked at, unless one was seen a moment ago. */
export async function testify(state: RegistryState, rounds: CheckRounds, now: number): Promise<Testimony> {
  const witnesses = Array.from(state.members.values()).filter(canTestify);
  if (witnesses.length === 0) return 'none';
  if (Math.abs(now - rounds.lastPassedAt) <= FRESH_MS) return 'seen';
  const asked = witnesses.toSorted((a, b) => a.ordinal - b.ordinal).slice(0, MAX_WITNESSES);
  const verdicts = asked.map(async (member): Promise<Testimony> => {
    const verdict = new Promise<Testimony>((resolve) =>
      member.waiting.push(({ outcome }) => resolve(outcome === 'passed' ? 'seen' : 'unseen')),
    );
    rounds.startNow([member], now);
    return verdict;
  });
  const tooLate = new Promise<Testimony>((resolve) => setTimeout(() => resolve('unseen'), ANSWER_WITHIN_MS));
  return Promise.race([firstSeen(verdicts), tooLate]);
}

const canTestify = ({ record: { registration, lifecycle, health } }: Member): boolean =>
  registration.healthCheck !== undefined &&
  lifecycle.state === 'active' &&
  (health.status === 'healthy' || health.status === 'degraded');

/** As soon as one is seen, or when all have answered. */
const firstSeen = (verdicts: readonly Promise<Testimony>[]): Promise<Testimony> =>
  new Promise((resolve) => {
    for (const verdict of verdicts)
      void verdict.then((testimony) => (testimony === 'seen' ? resolve('seen') : undefined));
    void Promise.all(verdicts).then((testimonies) => resolve(together(testimonies)));
  });
