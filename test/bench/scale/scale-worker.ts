/**
 * Registries of any size without keys and limits, for the benches of scale. Types whose name begins with `silent` have a
 * prober that makes no request; `/report` reports their checks one after the other.
 */
import { env } from 'cloudflare:workers';
import { Hono } from 'hono';
import { RegistrationSchema } from '../../../src/core/component/registration.ts';
import type { AttemptReport, ProbeRunner } from '../../../src/probe/probe-runner.ts';
import { ComponentRegistry as Registry } from '../../../src/registry/component-registry.ts';
import type { MemberCounts } from '../../../src/registry/state/member-index.ts';

export { SystemCoordinator } from '../../../src/coordinator/system-coordinator.ts';
export { Prober } from '../../../src/probe/prober.ts';
export { FailureManager } from '../../../src/recovery/failure-manager.ts';

const HOUR_MS = 3_600_000;
const MAX_COMPONENTS = 10_000;
const SILENT: ProbeRunner = { run: async () => undefined, checkReachability: async () => 'reachable' };

export class ComponentRegistry extends Registry {
  constructor(ctx: DurableObjectState, bindings: Env) {
    super(ctx, bindings);
    if (this['runtime'].state.type.startsWith('silent')) this.silence();
  }

  /** Registers components with a health check at `urlOf`, where `#` stands for their number. */
  async fill(type: string, count: number, urlOf: string): Promise<void> {
    await this.configureType({ revision: 1, overrides: { maxComponentsPerType: MAX_COMPONENTS } });
    if (type.startsWith('silent')) this.silence();
    for (let at = 0; at < count; at++) {
      const endpoint = urlOf.replaceAll('#', String(at));
      const registration = RegistrationSchema.parse({
        id: `${type}-${at}`,
        name: 'A component',
        type,
        endpoint,
        healthCheck: { endpoint: `${endpoint}/health` },
      });
      await this.register({ registration, claim: at + 1, ifGeneration: null, owner: null, actor: null });
    }
  }

  async counts(): Promise<MemberCounts & { readonly pending: number }> {
    const { counts, store } = this['runtime'].state;
    return { ...counts, pending: store.outboxSize() };
  }

  /** Makes `count` checks that pass, each with its own report. */
  async report(count: number): Promise<void> {
    const runtime = this['runtime'];
    const members = Array.from(runtime.state.members.values());
    for (const member of members) {
      member.check = null;
      member.nextCheckAt = Date.now() + HOUR_MS;
    }
    for (let at = 0; at < count; at++) {
      const member = members[at % members.length]!;
      runtime.checkSoon([member], Date.now());
      const checkId = member.check!.id;
      const outcome = { kind: 'passed', status: 'healthy', responseTimeMs: 5, details: null } as const;
      const report: AttemptReport = { componentId: member.record.registration.id, checkId, attempt: 0, outcome };
      await runtime.applyReports([report]);
      // No other check may become due meanwhile: the silent prober would never end it.
      member.nextCheckAt = Date.now() + HOUR_MS;
    }
  }

  private silence(): void {
    Object.assign(this['runtime'].checks['deps'], { prober: SILENT });
  }
}

const stubOf = (type: string) =>
  (env as unknown as { COMPONENT_REGISTRY: DurableObjectNamespace<ComponentRegistry> }).COMPONENT_REGISTRY.getByName(
    type,
  );

const app = new Hono();
app.get('/healthz', (c) => c.text('ok'));
app.post('/fill', async (c) => {
  const { type, count, urlOf } = await c.req.json<{ type: string; count: number; urlOf: string }>();
  await stubOf(type).fill(type, count, urlOf);
  return c.text('ok');
});
app.get('/counts/:type', async (c) => c.json(await stubOf(c.req.param('type')).counts()));
app.post('/report/:type/:count', async (c) => {
  await stubOf(c.req.param('type')).report(Number(c.req.param('count')));
  return c.text('ok');
});

export default app;
