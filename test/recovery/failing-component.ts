/** Helpers of the recovery tests: failing components, and their recoveries, events and incidents. */
import { introspectWorkflow } from 'cloudflare:test';
import type { WorkflowIntrospector } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { onTestFinished } from 'vitest';
import type { LoggedEvent } from '../../src/core/event/coordinator-event.ts';
import type { RecoveryOrder } from '../../src/core/failure/failure-manager-api.ts';
import type { PlannedAction } from '../../src/core/failure/recovery-plan.ts';
import type { RecoveryAction, ConfiguredStep } from '../../src/core/failure/recovery-policy.ts';
import { completePolicies } from '../../src/core/failure/recovery-policy.ts';
import { coordinator } from '../../src/coordinator/contract/coordinator-api.ts';
import type { RecoveryResource } from '../../src/api/schemas/failure.ts';
import type { FreshRegistry } from '../registry/fresh-registry.ts';
import { call, componentLog, eventually, freshId, setMode } from '../support/coordinator-http.ts';

export interface ControlOrder {
  readonly action: string;
  readonly componentId: string;
  readonly recoveryId: string;
  readonly idempotencyKey: string;
  readonly reason: string;
  readonly detail: string;
  readonly parameters: unknown;
}

export interface ControlLog {
  readonly control: readonly ControlOrder[];
  readonly refusals: number;
}

/** The accepted requests and the number of refusals of the component's control endpoint. */
export const controlLog = async (id: string): Promise<ControlLog> => (await componentLog(id)) as unknown as ControlLog;

export const withControl = () => ({ control: { endpoint: '/control', actions: ['restart'] } });

/** Configures the type so that a recovery may follow at once. */
export const withoutCooldown = (registry: FreshRegistry): Promise<void> =>
  registry.api.configureType({
    revision: 1,
    overrides: { recovery: { health_check_failure: { actions: [{ action: 'restart' }], cooldownMs: 0 } } },
  });

/** Registers a component that responds in `mode`, and fails three checks of it, so that its recovery begins. */
export async function registerFailing(
  registry: FreshRegistry,
  mode: string,
  overrides: (id: string) => Record<string, unknown> = withControl,
): Promise<{ id: string; recoveryId: string }> {
  const id = freshId();
  await setMode(id, mode);
  await registry.register(id, overrides(id));
  return { id, recoveryId: await failThreeChecks(registry, id) };
}

/** Reads the recovery id from the log, because the component never shows a recovery that ends at once. */
export async function failThreeChecks(registry: FreshRegistry, id: string): Promise<string> {
  const before = (await eventsOf(id, 'recovery.started')).length;
  for (let check = 0; check < 3; check++) await registry.api.probe(id);
  const started = await eventually(
    () => eventsOf(id, 'recovery.started'),
    (events) => events.length > before,
    10_000,
  );
  return started.at(-1)!.data['recoveryId'] as string;
}

/** Begins a recovery in the registry only, without a workflow. */
export async function beginWithoutWorkflow(registry: FreshRegistry, id: string): Promise<RecoveryOrder> {
  const begun = await registry.api.beginRecovery(id, {
    occurredAt: Date.now(),
    failureId: `f-${freshId()}`,
    failureType: 'health_check_failure',
    reason: 'HTTP_503: answered HTTP 503',
  });
  if (!begun.ok) throw new Error(begun.message);
  return begun.value.order;
}

export const getRecovery = async (id: string): Promise<RecoveryResource> =>
  (await call('GET', `/v1/recoveries/${id}`)).body as RecoveryResource;

/** Waits until the history has the recovery as ended. */
export const awaitEnd = (id: string, withinMs = 20_000): Promise<RecoveryResource> =>
  eventually(
    () => getRecovery(id),
    ({ status }) => typeof status === 'string' && status !== 'running',
    withinMs,
  );

export async function eventsOf(id: string, prefix: string): Promise<LoggedEvent[]> {
  const events = await coordinator().events({ after: 0, types: null, limit: 1_000, newest: false });
  return events.filter((event) => event.subject === id && event.type.startsWith(prefix));
}

export async function incidentsOf(id: string): Promise<Record<string, unknown>[]> {
  return (await call('GET', `/v1/incidents?componentId=${id}`)).body.items;
}

/** The action as planned with default settings, except those in `set`. */
export function plannedAction(action: RecoveryAction, set: Partial<ConfiguredStep> = {}): PlannedAction {
  const { actions } = completePolicies({ internal_error: { actions: [{ ...set, action }] } }).internal_error;
  return { ...actions[0]!, note: null, impossible: null };
}

type Modify = Parameters<WorkflowIntrospector['modifyAll']>[0];

/** Applies `modify` to every workflow that is created before the test ends. */
export async function modifyWorkflows(modify: Modify): Promise<void> {
  const workflows = await introspectWorkflow(env.RECOVERY_WORKFLOW);
  onTestFinished(() => workflows.dispose());
  await workflows.modifyAll(modify);
}
