/**
 * The system's health as this isolate can tell it: asked of the coordinator, or, while that cannot be reached, the last
 * that was heard, marked with its age. Never an empty answer: that would read as a system of which nothing is wrong.
 */
import { coordinator } from '../coordinator/contract/coordinator-api.ts';
import type { SystemHealth } from '../core/health/system-health.ts';
import { unreachableIssue } from '../core/health/system-issues.ts';

export interface CachedSystemHealth {
  readonly health: SystemHealth;
  readonly stale: boolean;
  readonly ageMs: number;
}

/** Somebody looks at it to find out what is wrong: a coordinator that hangs is not waited for longer. */
const WAIT_MS = 5_000;

let last: { readonly health: SystemHealth; readonly at: number } | null = null;
/** When it could not be reached first since; null while it can. */
let awaySince: number | null = null;

/** Null when it cannot be reached and never was. */
export async function lastSystemHealth(now: number): Promise<CachedSystemHealth | null> {
  try {
    const health = await answerOrLate(coordinator().systemHealth(), WAIT_MS);
    last = { health, at: now };
    awaySince = null;
    return { health, stale: false, ageMs: 0 };
  } catch (error) {
    console.error(JSON.stringify({ message: 'health not heard of', error: String(error) }));
    awaySince ??= now;
    return (
      last && {
        health: unreachableIssue(last.health, awaySince),
        stale: true,
        ageMs: Math.max(0, Date.now() - last.at),
      }
    );
  }
}

/** Rejects when the time is over. */
function answerOrLate<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
