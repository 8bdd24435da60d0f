/** One coordinator with an innocent type, and what a storm needs: components, keys, channels. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiCaller } from './api-caller.ts';
import { AttackServer } from './attack-server.ts';

/** Type of the innocent caller's components. */
export const INNOCENT_TYPE = 'caws_validator';
/** Type of the components that a storm is about. */
const STORM_TYPE = 'task_router';

const INNOCENTS = ['innocent-0', 'innocent-1', 'innocent-2'];
const HEALTHY_WITHIN_MS = 30_000;
const POLL_MS = 200;

export interface ComponentOptions {
  readonly type?: string;
  readonly withControl?: boolean;
  /** Replaces the health check. */
  readonly heartbeatTtlMs?: number;
  readonly checkTimeoutMs?: number;
  /** Key that registers and owns the component. */
  readonly by?: ApiCaller;
}

export class Stage {
  readonly server = new AttackServer();
  readonly admin: ApiCaller;
  /** Callers of the storm, whose refusals are reported. */
  readonly attackers: ApiCaller[] = [];
  readonly #url: string;

  constructor(url: string, adminKey: string) {
    this.#url = url;
    this.admin = new ApiCaller(url, adminKey);
  }

  async open(): Promise<void> {
    await this.server.listen();
    for (const id of INNOCENTS) await this.register(id, { type: INNOCENT_TYPE });
    await this.untilHealthy(INNOCENTS);
  }

  async innocent(): Promise<{ readonly caller: ApiCaller; readonly id: string }> {
    return { caller: await this.#withKey(['router', 'viewer']), id: INNOCENTS[0]! };
  }

  /** A caller with a new key of these scopes, whose refusals are reported. */
  async attacker(...scopes: string[]): Promise<ApiCaller> {
    const caller = await this.#withKey(scopes);
    this.attackers.push(caller);
    return caller;
  }

  /** A caller with the key of one component. */
  async attackerAs(componentId: string): Promise<ApiCaller> {
    const { body } = await this.admin.expect('POST', `/v1/components/${componentId}/key`);
    const caller = new ApiCaller(this.#url, body.key!);
    this.attackers.push(caller);
    return caller;
  }

  async register(id: string, options: ComponentOptions = {}): Promise<void> {
    const { type = STORM_TYPE, withControl = false, heartbeatTtlMs, checkTimeoutMs, by = this.admin } = options;
    const endpoint = this.server.url(id);
    const timeout = checkTimeoutMs === undefined ? {} : { timeout: checkTimeoutMs, degradedAfter: checkTimeoutMs };
    await by.expect('POST', '/v1/components', {
      id,
      name: id,
      type,
      endpoint,
      ...(heartbeatTtlMs === undefined
        ? { healthCheck: { endpoint: `${endpoint}/health`, ...timeout } }
        : { heartbeat: { ttl: heartbeatTtlMs } }),
      ...(withControl ? { control: { endpoint: `${endpoint}/control`, actions: ['restart'] } } : {}),
    });
  }

  async registerAll(prefix: string, count: number, options: ComponentOptions = {}): Promise<string[]> {
    const ids = Array.from({ length: count }, (_, at) => `${prefix}-${at}`);
    for (const id of ids) await this.register(id, options);
    return ids;
  }

  async untilHealthy(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const deadline = Date.now() + HEALTHY_WITHIN_MS;
      for (;;) {
        const { body } = await this.admin.call('GET', `/v1/components/${id}`);
        if (body.health?.status === 'healthy') break;
        if (Date.now() > deadline) throw new Error(`${id} is not healthy`);
        await sleep(POLL_MS);
      }
    }
  }

  /** Replaces the recovery of failed checks in the storm's type. */
  async setRecovery(actions: readonly object[]): Promise<void> {
    const path = `/v1/config/types/${STORM_TYPE}`;
    const { etag } = await this.admin.call('GET', path);
    const recovery = { health_check_failure: { actions } };
    await this.admin.expect('PUT', path, { recovery }, etag === null ? {} : { 'if-match': etag });
  }

  async alertTo(id: string, format: 'slack' | 'pagerduty', url: string): Promise<void> {
    const target = format === 'slack' ? {} : { routingKey: '0123456789abcdef0123456789abcdef' };
    await this.admin.expect('POST', '/v1/webhooks', { id, format, url, ...target });
  }

  close(): void {
    this.server.close();
  }

  async #withKey(scopes: readonly string[]): Promise<ApiCaller> {
    const { body } = await this.admin.expect('POST', '/v1/keys', { name: scopes.join(' '), scopes });
    return new ApiCaller(this.#url, body.key!);
  }
}
