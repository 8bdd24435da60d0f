/**
 * Self-doubt (self-preservation): decides whether a mass failure of a type is real or the coordinator's own fault.
 *
 * In a mass failure, at least three components and more than half of those that worked before fail within one round.
 * The registry then checks a canary, a target unrelated to the components, and holds failures until the verdict. If the
 * canary fails too, the coordinator is at fault: statuses are kept until the canary or most components respond. If the
 * canary responds, the failures are real. Without a canary the failures are applied, but recoveries restart or scale
 * only one component at a time. The operator's setting has precedence: `always` forces self-doubt, `never` disables it.
 */
export type SelfDoubtMode = 'auto' | 'always' | 'never';

/**
 * Result of the canary check: the canary responded, it did not respond, there is no canary, or the coordinator ran too
 * late to tell. Self-doubt needs a canary that was checked in time.
 */
export type CanaryVerdict = 'seen' | 'unseen' | 'none' | 'late';

/**
 * - `sure`: no mass failure; observations are applied.
 * - `asking`: a canary check is running; failures observed meanwhile are held.
 * - `doubting`: the coordinator is at fault; statuses are kept.
 * - `believing`: mass failure, and the canary responded, so the failures are real.
 * - `unwitnessed`: mass failure without a canary verdict.
 */
export const SELF_DOUBT_KINDS = ['sure', 'asking', 'doubting', 'believing', 'unwitnessed'] as const;
export type SelfDoubtKind = (typeof SELF_DOUBT_KINDS)[number];

export interface SelfDoubt {
  readonly kind: SelfDoubtKind;
  /** Epoch ms of the last change of `kind`. */
  readonly since: number;
  /** Start of the last canary check, epoch ms. */
  readonly canaryQueriedAt: number;
}

/** Number of components that were well at the start of the round, and number of those that now fail. */
export interface Evidence {
  readonly healthyBefore: number;
  readonly failing: number;
}

/** Treatment of an observed failure: apply it, hold it until the canary verdict, or keep the old status. */
export type FailureHandling = 'apply' | 'hold' | 'keep';

const MIN_FAILING = 3;
/** Time limit of a canary check: held failures must not be held for ever. */
export const MAX_CANARY_MS = 10_000;

export const NO_SELF_DOUBT: SelfDoubt = { kind: 'sure', since: 0, canaryQueriedAt: 0 };

export const isMassFailure = ({ healthyBefore, failing }: Evidence): boolean =>
  failing >= MIN_FAILING && failing * 2 > healthyBefore;

/** Updates self-doubt after an observation or with time. `queryCanary`: the caller must start a canary check now. */
export function updateSelfDoubt(
  current: SelfDoubt,
  evidence: Evidence,
  { mode, roundMs }: { readonly mode: SelfDoubtMode; readonly roundMs: number },
  now: number,
): { readonly next: SelfDoubt; readonly queryCanary: boolean } {
  if (mode === 'always') return { next: withKind(current, 'doubting', now), queryCanary: false };
  if (mode === 'never' || !isMassFailure(evidence)) return { next: withKind(current, 'sure', now), queryCanary: false };
  // After the clock was set back the elapsed time is unknown.
  const sinceCanaryMs = now >= current.canaryQueriedAt ? now - current.canaryQueriedAt : Infinity;
  switch (current.kind) {
    case 'sure':
      return { next: { kind: 'asking', since: now, canaryQueriedAt: now }, queryCanary: true };
    case 'asking':
      return {
        next: sinceCanaryMs < MAX_CANARY_MS ? current : withKind(current, 'unwitnessed', now),
        queryCanary: false,
      };
    case 'doubting':
    case 'believing':
    case 'unwitnessed':
      // The cause may change during a mass failure, so the canary is checked again each round.
      return sinceCanaryMs < roundMs
        ? { next: current, queryCanary: false }
        : { next: { ...current, canaryQueriedAt: now }, queryCanary: true };
    default:
      return current.kind satisfies never;
  }
}

/**
 * Applies the verdict of a canary check. A verdict that arrives after the mass failure has ended changes nothing, nor
 * does a late check.
 */
export function applyCanaryVerdict(
  current: SelfDoubt,
  verdict: CanaryVerdict,
  mode: SelfDoubtMode,
  now: number,
): SelfDoubt {
  if (current.kind === 'sure' || mode !== 'auto' || verdict === 'late') return current;
  return withKind(current, KIND_BY_VERDICT[verdict], now);
}

const KIND_BY_VERDICT = { seen: 'believing', unseen: 'doubting', none: 'unwitnessed' } as const;

export function failureHandling({ kind }: SelfDoubt): FailureHandling {
  if (kind === 'asking') return 'hold';
  return kind === 'doubting' ? 'keep' : 'apply';
}

const withKind = (current: SelfDoubt, kind: SelfDoubtKind, now: number): SelfDoubt =>
  current.kind === kind ? current : { ...current, kind, since: now };

/** Combines the verdicts of several canaries: one response is enough. */
export function combineVerdicts(verdicts: readonly CanaryVerdict[]): CanaryVerdict {
  return (['seen', 'unseen', 'late'] as const).find((verdict) => verdicts.includes(verdict)) ?? 'none';
}
