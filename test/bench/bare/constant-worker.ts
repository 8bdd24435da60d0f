/** Reference of the routing benches: the same POST with the same validation and a constant response. */
import { OpenAPIHono } from '@hono/zod-openapi';
import { routeCall } from '../../../src/api/routes/route-call.ts';

const RESPONSE = {
  component: {
    id: 'bench-0',
    name: 'bench-0',
    type: 'task_router',
    endpoint: 'https://bench.example.com/bench-0',
    metadata: {},
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
} as const;

const app = new OpenAPIHono();
app.get('/healthz', (c) => c.text('ok'));
app.openapi(routeCall, (c) => {
  c.req.valid('json');
  return c.json({ ...RESPONSE, decision: { ...RESPONSE.decision, relaxed: [] } }, 200);
});

export default app;
