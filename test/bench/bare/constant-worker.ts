/** Reference of the routing benches: the same POST with the same validation and a constant response. */
import { OpenAPIHono } from '@hono/zod-openapi';
import { routeCall } from '../../../src/api/routes/route-call.ts';
import type { RouteResponseData } from '../../../src/api/schemas/route.ts';

/** As long as the response of the coordinator for the components of `seed.ts`. */
const RESPONSE: RouteResponseData = {
  component: {
    id: 'bench-0',
    name: 'bench-0',
    type: 'task_router',
    endpoint: 'https://bench.example.com/bench-0',
    capabilities: {
      maxConcurrentTasks: 50,
      supportedTaskTypes: ['code-review'],
      performanceMetrics: false,
      healthMonitoring: false,
      constitutionalCompliance: false,
    },
    dependencies: [],
    metadata: { version: '1.0.0', location: 'weur' },
    role: 'active',
    weight: 1,
    heartbeat: { ttl: 600_000 },
    lifecycle: 'active',
    health: { status: 'healthy', suspect: false, reason: null },
  },
  lease: null,
  decision: {
    id: '00000000-0000-4000-8000-000000000000',
    mode: 'edge',
    policy: 'least-time',
    score: 100,
    revision: 1,
    stale: false,
    relaxed: [],
  },
};

const app = new OpenAPIHono();
app.get('/healthz', (c) => c.text('ok'));
app.openapi(routeCall, (c) => {
  c.req.valid('json');
  return c.json(RESPONSE, 200);
});

export default app;
