/**
 * A guard looks at a call before it is worked on: lets it through (null) or answers it. Most calls pass most
 * guards at once, so several are one middleware that waits only for those that must wait.
 */
import type { Context, Next } from 'hono';
import { createMiddleware } from 'hono/factory';
import type { AppEnv } from './app-env.ts';

type Verdict = Response | null;
type Guard = (c: Context<AppEnv>) => Verdict | Promise<Verdict>;

/** One after the other; the first that answers is the last that is asked. */
export const guardedBy = (...guards: readonly Guard[]) =>
  createMiddleware<AppEnv>((c, next) => askFrom(0, guards, c, next));

/** Waits only where a guard does: a call that passes at once costs no promise. */
function askFrom(first: number, guards: readonly Guard[], c: Context<AppEnv>, next: Next): Promise<Response | void> {
  for (let at = first; at < guards.length; at++) {
    const asked = guards[at]!(c);
    if (asked instanceof Promise) return asked.then((answer) => answer ?? askFrom(at + 1, guards, c, next));
    if (asked) return Promise.resolve(asked);
  }
  return next();
}
