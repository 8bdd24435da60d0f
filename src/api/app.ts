/**
 * HTTP application: mounts every route with its middleware and serves the OpenAPI document.
 *
 * Invariant: every path under /v1 requires a key.
 * Invariant: an unexpected error leaves as a problem document without internals.
 */
import { OpenAPIHono } from '@hono/zod-openapi';
import { errorResponse } from './http/error-response.ts';
import { allowedMethods } from './http/allowed-methods.ts';
import type { App, AppEnv } from './http/app-env.ts';
import { declareWebhooks } from './http/openapi-webhooks.ts';
import { authenticate } from './middleware/authenticate.ts';
import { authorize } from './middleware/authorize.ts';
import { classify } from './middleware/classify-request.ts';
import { guardedBy } from './http/guard.ts';
import { checkConditions } from './middleware/check-conditions.ts';
import { cors } from './middleware/cors.ts';
import { responseHeaders } from './middleware/response-headers.ts';
import { flushAuditAfter } from './middleware/flush-audit-after.ts';
import { rateLimitAddress, rateLimitKey } from './middleware/rate-limit.ts';
import { shedLoad } from './middleware/shed-load.ts';
import { readBody } from './middleware/read-body.ts';
import { problemResponse, validationProblem } from './http/problem.ts';
import { mountComponentConfig } from './routes/component-config.ts';
import { mountComponentHealth } from './routes/component-health.ts';
import { mountComponentList } from './routes/component-list.ts';
import { mountComponentHistory } from './routes/component-history.ts';
import { mountComponentOperation } from './routes/component-operation.ts';
import { mountComponents } from './routes/components.ts';
import { mountConfig } from './routes/config.ts';
import { mountConfigHistory } from './routes/config-history.ts';
import { mountConfigOfComponents } from './routes/config-components.ts';
import { mountDrills } from './routes/drills.ts';
import { mountControllerSecret } from './routes/controller-secret.ts';
import { mountEventSocket } from './routes/event-socket.ts';
import { mountEventStream } from './routes/event-stream.ts';
import { mountEvents } from './routes/events.ts';
import { mountFailures } from './routes/failures.ts';
import { mountIncidents } from './routes/incidents.ts';
import { mountLeases } from './routes/leases.ts';
import { mountAudit } from './routes/audit.ts';
import { mountComponentCredentials } from './routes/component-credentials.ts';
import { mountKeys } from './routes/keys.ts';
import { mountOutcomes } from './routes/outcomes.ts';
import { mountRecoveries } from './routes/recoveries.ts';
import { mountRecoveryPreview } from './routes/recovery-preview.ts';
import { mountRedistribution } from './routes/redistribution.ts';
import { mountRouting } from './routes/routing.ts';
import { mountSession } from './routes/session.ts';
import { mountSilences } from './routes/silences.ts';
import { mountSnapshot } from './routes/snapshot.ts';
import { mountSystem } from './routes/system.ts';
import { mountWebhookDeliveries } from './routes/webhook-deliveries.ts';
import { mountWebhooks } from './routes/webhooks.ts';

export function createApp(): App {
  const app = new OpenAPIHono<AppEnv>({
    defaultHook: (result, c) => (result.success ? undefined : validationProblem(c, result.error)),
  });
  app.use(responseHeaders, cors);
  app.use(
    '/v1/*',
    guardedBy(classify, authenticate, rateLimitKey, authorize(app), rateLimitAddress, checkConditions, readBody),
  );
  // Mounted before load shedding: a routing decision from caches is synchronous and never in flight. The route itself
  // counts only the calls that wait.
  mountRouting(app);
  // Long polls, streams and sockets have concurrency limits of their own. While they wait they cost no work.
  for (const mount of [mountSnapshot, mountEventStream, mountEventSocket, mountComponentConfig]) mount(app);
  app.use('/v1/*', shedLoad, flushAuditAfter);

  for (const mount of [
    mountSystem,
    mountEvents,
    mountComponents,
    mountComponentList,
    mountComponentHealth,
    mountComponentHistory,
    mountComponentOperation,
    mountFailures,
    mountRecoveries,
    mountRecoveryPreview,
    mountIncidents,
    mountSilences,
    mountDrills,
    mountLeases,
    mountRedistribution,
    mountOutcomes,
    mountKeys,
    mountComponentCredentials,
    mountAudit,
    mountSession,
    mountConfig,
    mountConfigOfComponents,
    mountConfigHistory,
    mountControllerSecret,
    mountWebhooks,
    mountWebhookDeliveries,
  ]) {
    mount(app);
  }

  serveContract(app);

  const methodsOf = allowedMethods(app);
  app.notFound((c) => {
    const allowed = methodsOf(c.req.path);
    if (allowed.length === 0) return problemResponse(c, 'not-found', { detail: `there is no ${c.req.path}` });
    c.header('allow', allowed.join(', '));
    return problemResponse(c, 'method-not-allowed', { detail: `${c.req.path} supports ${allowed.join(', ')}` });
  });
  app.onError((error, c) => errorResponse(c, error));
  return app;
}

/** The document is built once per isolate: building is expensive, and the path is public. */
function serveContract(app: App): void {
  app.openAPIRegistry.registerComponent('securitySchemes', 'key', { type: 'http', scheme: 'bearer' });
  declareWebhooks(app);
  let contract: object | undefined;
  app.get('/openapi.json', (c) => {
    contract ??= app.getOpenAPI31Document({
      openapi: '3.1.0',
      info: {
        title: 'Arbiter Coordinator',
        version: '1',
        description: 'Registers components, watches their health, routes work to them and recovers them.',
      },
      security: [{ key: [] }],
    });
    return c.json(contract);
  });
}
