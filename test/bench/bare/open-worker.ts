/**
 * The routing call with nothing before it: no key, no limits, no headers. What the walls cost is the difference
 * to the coordinator itself. Its fleet comes by the registry, without a directory.
 */
import { OpenAPIHono } from '@hono/zod-openapi';
import type { AppEnv } from '../../../src/api/app-env.ts';
import { mountRouting } from '../../../src/api/routes/routing.ts';
import { ROOT } from '../../../src/core/access/principal.ts';
import { RegistrationSchema } from '../../../src/core/component/registration.ts';
import { registryOf } from '../../../src/registry/registry-api.ts';

export { ComponentRegistry } from '../../../src/registry/component-registry.ts';
export { SystemCoordinator } from '../../../src/coordinator/system-coordinator.ts';
export { Prober } from '../../../src/probe/prober.ts';
export { FailureManager } from '../../../src/recovery/failure-manager.ts';

const app = new OpenAPIHono<AppEnv>();
let claim = 0;

app.use(async (c, next) => {
  c.set('principal', ROOT);
  c.set('requestClass', 'traffic');
  return next();
});
app.get('/healthz', (c) => c.text('ok'));
app.post('/v1/components', async (c) => {
  const registration = RegistrationSchema.parse(await c.req.json());
  const registry = registryOf(registration.type);
  await registry.register({ registration, claim: ++claim, ifGeneration: null, owner: null, actor: null });
  await registry.heartbeats([{ id: registration.id, status: 'healthy', load: null, only: null }]);
  return c.body(null, 201);
});
app.post('/v1/heartbeats', (c) => c.body(null, 204));
mountRouting(app);

export default app;
