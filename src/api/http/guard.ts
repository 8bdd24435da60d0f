/**
 * Guards: checks that run before a handler. A guard returns null to let the call through, or the response that ends it.
 *
 * Most guards decide synchronously, so one middleware runs several and awaits only those that return a promise.
 */
import type { Context, Next } from 'hono';
import { createMiddleware } from 'hono/factory';
import type { AppEnv } from './app-env.ts';

type Verdict = Response | null;
type Guard = (c: Context<AppEnv>) => Verdict | Promise<Verdict>;

/** Runs the guards in order and stops at the first that returns a response. */
export const guardedBy = (...guards: readonly Guard[]) =>
  createMiddleware<AppEnv>((c, next) => runFrom(0, guards, c, next));

/** Awaits only guards that return a promise, so a synchronous pass allocates none. */
function runFrom(first: number, guards: readonly Guard[], c: Context<AppEnv>, next: Next): Promise<Response | void> {
  for (let position = first; position < guards.length; position++) {
    const verdict = guards[position]!(c);
    if (verdict instanceof Promise)
      return verdict.then((response) => response ?? runFrom(position + 1, guards, c, next));
    if (verdict) return Promise.resolve(verdict);
  }
  return next();
}
