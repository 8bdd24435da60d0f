/** Components that fail, and what became of their recoveries: the ground of the recovery tests. */
import { introspectWorkflow } from 'cloudflare:test';
import type { WorkflowIntrospector } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { onTestFinished } from 'vitest';
import type { LoggedEvent } from '../../src/core/event/coordinator-event.ts';
import type { RecoveryOrder } from '../../src/core/failure/failure-intake.ts';
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
  readonly parameters: unknown;
}

export interface ControlLog {
  readonly control: readonly ControlOrder[];
  readonly refusals: number;
}

/** What the component's control endpoint was asked. */
export const controlLog = async (id: string): Promise<ControlLog> => (await componentLog(id)) as unknown as ControlLog;

export const withControl = (id: string) => ({ control: { endpoint: `/${id}/control`, actions: ['restart'] } });

/** Registers a component that answers in `mode`, and lets three checks of it fail: its recovery has begun. */
export async function ailing(
  registry: FreshRegistry,
  mode: string,
  overrides: (id: string) => Record<string, unknown> = withControl,
): Promise<{ id: string; recoveryId: string }> {
  const id = freshId();
  await setMode(id, mode);
  await registry.register(id, overrides(id));
  return { id, recoveryId: await failThreeChecks(registry, id) };
}

/** Its recovery is read from the log: one that ends at once never shows in the component. */
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

/** Begins a recovery in the registry alone: no workflow runs for it. */
export async function begunOnly(registry: FreshRegistry, id: string): Promise<RecoveryOrder> {
  const begun = await registry.api.beginRecovery(id, {
    occurredAt: Date.now(),
    failureId: `f-${freshId()}`,
    failureType: 'health_check_failure',
    reason: 'HTTP_503: answered HTTP 503',
  });
  if (!begun.ok) throw new Error(begun.message);
  return begun.value.order;
}

export const recovery = async (id: string): Promise<RecoveryResource> =>
  (await call('GET', `/v1/recoveries/${id}`)).body as RecoveryResource;

/** The recovery once it is written down as ended. */
export const ended = (id: string, withinMs = 20_000): Promise<RecoveryResource> =>
  eventually(
    () => recovery(id),
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

/** That action as it is planned when nobody set anything. */
export function planned(action: RecoveryAction, set: Partial<ConfiguredStep> = {}): PlannedAction {
  const { actions } = completePolicies({ internal_error: { actions: [{ ...set, action }] } }).internal_error;
  return { ...actions[0]!, note: null, cannot: null };
}

type Modify = Parameters<WorkflowIntrospector['modifyAll']>[0];

/** Arranges what every workflow meets that is created until the test is over. */
export async function modifyWorkflows(modify: Modify): Promise<void> {
  const workflows = await introspectWorkflow(env.RECOVERY_WORKFLOW);
  onTestFinished(() => workflows.dispose());
  await workflows.modifyAll(modify);
}
