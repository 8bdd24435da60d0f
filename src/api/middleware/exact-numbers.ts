/**
 * Refuses bodies with integers that a double cannot hold, on routes that store free JSON: parsing would round them, and
 * acknowledged data must be kept.
 */
import { createMiddleware } from 'hono/factory';
import { inexactNumbers } from '../../core/inexact-numbers.ts';
import type { AppEnv } from '../http/app-env.ts';
import { problemResponse } from '../http/problem.ts';

/** Most faults that one response lists. */
const MAX_FAULTS = 20;

export const exactNumbers = createMiddleware<AppEnv>(async (c, next) => {
  const paths = inexactNumbers(await c.req.text());
  if (paths.length === 0) return next();
  const message = 'an integer beyond ±9007199254740991 would be rounded: send it as text';
  return problemResponse(c, 'invalid-request', {
    errors: paths.slice(0, MAX_FAULTS).map((path) => ({ path: path.slice(0, 256), message })),
  });
});
