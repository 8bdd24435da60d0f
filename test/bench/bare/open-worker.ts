/**
 * The routing call without keys and limits. The difference to the coordinator is the cost of these checks. Components
 * are registered at the registry, without a directory.
 */
import { Hono } from 'hono';
import { route } from '../../../src/api/use-cases/route.ts';
import { PlainCall, PlainRequest } from '../../../src/api/fast-path/plain-call.ts';
import { RouteRequestSchema } from '../../../src/api/schemas/route.ts';
import { ROOT } from '../../../src/core/access/principal.ts';
import { RegistrationSchema } from '../../../src/core/component/registration.ts';
import { registryOf } from '../../../src/registry/contract/registry-api.ts';

export { ComponentRegistry } from '../../../src/registry/component-registry.ts';
export { SystemCoordinator } from '../../../src/coordinator/system-coordinator.ts';
export { Prober } from '../../../src/probe/prober.ts';
export { FailureManager } from '../../../src/recovery/failure-manager.ts';

const app = new Hono();
let claim = 0;

app.get('/healthz', (c) => c.text('ok'));
app.post('/v1/components', async (c) => {
  const registration = RegistrationSchema.parse(await c.req.json());
  const registry = registryOf(registration.type);
  await registry.register({ registration, claim: ++claim, ifGeneration: null, owner: null, actor: null });
  await registry.heartbeats([{ id: registration.id, status: 'healthy', load: null, only: null }]);
  return c.body(null, 201);
});
app.post('/v1/heartbeats', (c) => c.body(null, 204));

export default {
  async fetch(request, env, context) {
    if (!request.url.endsWith('/v1/route')) return app.fetch(request, env, context);
    const call = new PlainCall(new PlainRequest(request, request.headers, request.url, '/v1/route'), env, context);
    call.set('principal', ROOT);
    return route(call, RouteRequestSchema.parse(await request.json()));
  },
} satisfies ExportedHandler<Env>;
