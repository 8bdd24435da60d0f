/**
 * A guard looks at a call before it is worked on: lets it through (null) or answers it. Most calls pass most
 * guards at once, so several are one middleware that waits only for those that must wait.
 */
import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import type { AppEnv } from './app-env.ts';

type Verdict = Response | null;
export type Guard = (c: Context<AppEnv>) => Verdict | Promise<Verdict>;

/** One after the other; the first that answers is the last that is asked. */
export const guardedBy = (...guards: readonly Guard[]) =>
  createMiddleware<AppEnv>(async (c, next) => {
    for (const guard of guards) {
      const asked = guard(c);
      const answer = asked instanceof Promise ? await asked : asked;
      if (answer) return answer;
    }
    return next();
  });
