/**
 * The HTTP application: every route with its middleware, and the contract it serves of itself.
 *
 * Everything under /v1 needs a key; an error of ours leaves as a problem without internals.
 */
import { OpenAPIHono } from '@hono/zod-openapi';
import { HTTPException } from 'hono/http-exception';
import { bodyLimit } from 'hono/body-limit';
import { secureHeaders } from 'hono/secure-headers';
import { allowedMethods } from './allowed-methods.ts';
import type { App, AppEnv } from './app-env.ts';
import { authenticate } from './middleware/authenticate.ts';
import { problemResponse, validationProblem } from './problem.ts';
import { mountComponentHealth } from './routes/component-health.ts';
import { mountComponentList } from './routes/component-list.ts';
import { mountComponents } from './routes/components.ts';
import { mountFailures } from './routes/failures.ts';
import { mountIncidents } from './routes/incidents.ts';
import { mountRecoveries } from './routes/recoveries.ts';
import { mountRouting } from './routes/routing.ts';
import { mountSystem } from './routes/system.ts';

/** Nothing larger is read; 500 heartbeats are larger than anything else. */
const MAX_BODY_BYTES = 65_536;
const MAX_BATCH_BYTES = 262_144;

const limitBody = (maxSize: number) =>
  bodyLimit({
    maxSize,
    onError: (c) => problemResponse(c, 'payload-too-large', { detail: `at most ${maxSize} bytes` }),
  });

export function createApp(): App {
  const app = new OpenAPIHono<AppEnv>({
    defaultHook: (result, c) => (result.success ? undefined : validationProblem(c, result.error)),
  });
  app.use(secureHeaders());
  app.use('/v1/*', authenticate);
  app.use('/v1/*', async (c, next) =>
    limitBody(c.req.path === '/v1/heartbeats' ? MAX_BATCH_BYTES : MAX_BODY_BYTES)(c, next),
  );

  for (const mount of [
    mountSystem,
    mountComponents,
    mountComponentList,
    mountComponentHealth,
    mountFailures,
    mountRecoveries,
    mountIncidents,
    mountRouting,
  ]) {
    mount(app);
  }

  app.openAPIRegistry.registerComponent('securitySchemes', 'key', { type: 'http', scheme: 'bearer' });
  app.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: {
      title: 'Arbiter Coordinator',
      version: '1',
      description: 'Registers components, watches their health, routes work to them and recovers them.',
    },
    security: [{ key: [] }],
  });

  const methodsOf = allowedMethods(app);
  app.notFound((c) => {
    const allowed = methodsOf(c.req.path);
    if (allowed.length === 0) return problemResponse(c, 'not-found', { detail: `there is no ${c.req.path}` });
    c.header('allow', allowed.join(', '));
    return problemResponse(c, 'method-not-allowed', { detail: `${c.req.path} takes ${allowed.join(', ')}` });
  });
  app.onError((error, c) => {
    if (error instanceof HTTPException) {
      if (error.status === 400)
        return problemResponse(c, 'malformed-json', { detail: 'the body cannot be parsed as JSON' });
      if (error.status === 415)
        return problemResponse(c, 'unsupported-media-type', { detail: 'send content-type: application/json' });
    }
    console.error(JSON.stringify({ message: 'request failed', path: c.req.path, error: error.stack ?? String(error) }));
    return problemResponse(c, isTransient(error) ? 'temporarily-unavailable' : 'internal-error');
  });
  return app;
}

/** The platform marks errors of objects that were reset or overloaded: the same call may succeed in a moment. */
const isTransient = (error: Error & { retryable?: boolean; overloaded?: boolean }): boolean =>
  error.retryable === true || error.overloaded === true;
