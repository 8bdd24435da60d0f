/**
 * Whether to believe that most of a type has failed, or that it is we who cannot see: pure.
 *
 * When three or more components that were well, and more than half of them, are in trouble within one round, a
 * witness is asked: something that has nothing to do with them. Until it has answered nothing is concluded. If it
 * fails as well, the fault is taken to be ours: statuses are kept until the witness, or most of the components, can be
 * seen again. If it answers, the failures are real. With no witness to be had they are acted on, one at a time.
 *
 * What an operator sets goes before all of that: `always` doubts by hand, `never` believes whatever is seen.
 */
export type SelfDoubtMode = 'auto' | 'always' | 'never';

/** What the witness says: it was seen, it was not, there is none. */
export type CanaryVerdict = 'seen' | 'unseen' | 'none';

/**
 * - `sure`: what is seen is so.
 * - `asking`: a witness is being asked; what was seen meanwhile is held.
 * - `doubting`: the fault is ours; statuses are kept.
 * - `believing`: most have failed, and a witness says that it is they.
 * - `unwitnessed`: most have failed, and nobody can say whose fault it is.
 */
export const SELF_DOUBT_KINDS = ['sure', 'asking', 'doubting', 'believing', 'unwitnessed'] as const;
export type SelfDoubtKind = (typeof SELF_DOUBT_KINDS)[number];

export interface SelfDoubt {
  readonly kind: SelfDoubtKind;
  /** Epoch ms of the last change of `kind`. */
  readonly since: number;
  /** When a witness was asked last, epoch ms. */
  readonly askedAt: number;
}

/** Components that were well at the begin of the round, and those of them in trouble by now. */
export interface Evidence {
  readonly well: number;
  readonly troubled: number;
}

/** What becomes of a failure: it counts, waits for the witness, or is not believed. */
export type Trust = 'apply' | 'hold' | 'keep';

const MIN_TROUBLED = 3;
/** No answer by then is no testimony: what was held must not be held for ever. */
export const MAX_CANARY_MS = 10_000;

export const NO_SELF_DOUBT: SelfDoubt = { kind: 'sure', since: 0, askedAt: 0 };

export const isMassFailure = ({ well, troubled }: Evidence): boolean => troubled >= MIN_TROUBLED && troubled * 2 > well;

/** Where things stand now that something was seen, or time has passed. `ask`: a witness must be asked now. */
export function reconsider(
  doubt: SelfDoubt,
  evidence: Evidence,
  { mode, roundMs }: { readonly mode: SelfDoubtMode; readonly roundMs: number },
  now: number,
): { readonly next: SelfDoubt; readonly ask: boolean } {
  if (mode === 'always') return { next: turn(doubt, 'doubting', now), ask: false };
  if (mode === 'never' || !isMassFailure(evidence)) return { next: turn(doubt, 'sure', now), ask: false };
  // After the clock went back nobody can say how long ago that was.
  const sinceAsked = now >= doubt.askedAt ? now - doubt.askedAt : Infinity;
  switch (doubt.kind) {
    case 'sure':
      return { next: { kind: 'asking', since: now, askedAt: now }, ask: true };
    case 'asking':
      return { next: sinceAsked < MAX_CANARY_MS ? doubt : turn(doubt, 'unwitnessed', now), ask: false };
    case 'doubting':
    case 'believing':
    case 'unwitnessed':
      // Whose fault it is may change while it lasts: asked again each round.
      return sinceAsked < roundMs ? { next: doubt, ask: false } : { next: { ...doubt, askedAt: now }, ask: true };
    default:
      return doubt.kind satisfies never;
  }
}

/** After a witness was asked. One that answers when nobody asks any more changes nothing. */
export function applyCanaryVerdict(
  doubt: SelfDoubt,
  testimony: CanaryVerdict,
  mode: SelfDoubtMode,
  now: number,
): SelfDoubt {
  if (doubt.kind === 'sure' || mode !== 'auto') return doubt;
  return turn(doubt, KIND_AFTER[testimony], now);
}

const KIND_AFTER = { seen: 'believing', unseen: 'doubting', none: 'unwitnessed' } as const;

export function trustIn({ kind }: SelfDoubt): Trust {
  if (kind === 'asking') return 'hold';
  return kind === 'doubting' ? 'keep' : 'apply';
}

const turn = (doubt: SelfDoubt, kind: SelfDoubtKind, now: number): SelfDoubt =>
  doubt.kind === kind ? doubt : { ...doubt, kind, since: now };

/** What several witnesses say together: one that is seen is enough. */
export function combine(testimonies: readonly CanaryVerdict[]): CanaryVerdict {
  if (testimonies.includes('seen')) return 'seen';
  return testimonies.includes('unseen') ? 'unseen' : 'none';
}
