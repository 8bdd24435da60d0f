/**
 * The system's health from the coordinator or, while that is unreachable, the last health that this isolate received,
 * marked with its age. The cache never returns an empty health, which would read as a system without issues.
 *
 * A `RefreshingCache` does not fit. Operators look for a fault as it is now, so each request makes a call of its own. A
 * cached health serves only after a failed call, with an issue added about that failure.
 */
import { coordinator } from '../coordinator/contract/coordinator-api.ts';
import type { SystemHealth } from '../core/health/system-health.ts';
import { withUnreachableIssue } from '../core/health/system-issues.ts';
import { logError } from '../logging/log-error.ts';

export interface CachedSystemHealth {
  readonly health: SystemHealth;
  readonly stale: boolean;
  readonly ageMs: number;
}

/** Limit of waiting for a coordinator that hangs: operators read the health to find out what is wrong. */
const WAIT_MS = 5_000;

let last: { readonly health: SystemHealth; readonly at: number } | null = null;
/** When the first call in a row of failed calls was made, epoch ms; null after a success. */
let unreachableSince: number | null = null;

/** Returns null when the coordinator is unreachable and this isolate has never received a health. */
export async function readSystemHealth(now: number): Promise<CachedSystemHealth | null> {
  try {
    const health = await rejectAfter(coordinator().systemHealth(), WAIT_MS);
    last = { health, at: now };
    unreachableSince = null;
    return { health, stale: false, ageMs: 0 };
  } catch (error) {
    logError('system health not received', { error });
    unreachableSince ??= now;
    return (
      last && {
        health: withUnreachableIssue(last.health, unreachableSince),
        stale: true,
        ageMs: Math.max(0, Date.now() - last.at),
      }
    );
  }
}

function rejectAfter<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no response within ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
