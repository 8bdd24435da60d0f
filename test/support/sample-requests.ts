/**
 * A small valid request for every operation, and its expected response. An operation that is not listed is called with
 * made-up path parameters and an empty body: see `sampleFor`.
 */
import { env } from 'cloudflare:workers';
import { openIncident } from '../../src/history/incident-history.ts';
import { saveRecovery } from '../../src/history/recovery-history.ts';
import type { Target } from './callers.ts';
import { TARGET_TYPE, targetRegistration } from './callers.ts';
import type { Operation } from './contract-operations.ts';
import { call, freshId } from './coordinator-http.ts';

export interface Sample {
  readonly path: string;
  readonly body?: unknown;
  /** Null for any status that shows that the call was authorized. */
  readonly status: number | null;
  /** Problem code, if an authorized caller receives a problem. */
  readonly code?: string;
  /** Path to read what the request changes besides the target. */
  readonly touches?: string;
}

type Build = (target: Target) => Promise<Sample> | Sample;

const uniqueHex = (): string => crypto.randomUUID().replaceAll('-', '');

const at = (path: string, status: number, body?: unknown): Sample => ({ path, status, body });

/** A request on the target itself. */
const on = ({ id }: Target, suffix: string, status: number, body?: unknown): Sample =>
  at(`/v1/components/${id}${suffix}`, status, body);

async function onKey(suffix: string, body?: unknown): Promise<Sample> {
  const made = await call('POST', '/v1/keys', { name: 'matrix target', scopes: ['viewer'] });
  const path = `/v1/keys/${made.body.id}`;
  return { path: path + suffix, status: 200, body, touches: path };
}

async function onIncident({ id: componentId }: Target, suffix: string): Promise<Sample> {
  const id = `i-${uniqueHex()}`;
  await openIncident(env.HISTORY, {
    id,
    status: 'open',
    severity: 'critical',
    priority: null,
    title: 'it is down',
    summary: 'and stays down',
    componentId,
    componentType: TARGET_TYPE,
    recoveryId: null,
    failureType: null,
    repeats: 0,
    openedAt: Date.now(),
    acknowledgedAt: null,
    resolvedAt: null,
  });
  return { path: `/v1/incidents/${id}${suffix}`, status: 200, touches: `/v1/incidents/${id}` };
}

/** A request on a recovery that exists only in the history, without registry state or workflow. */
async function onRecovery({ id: componentId }: Target, suffix: string, expected: Partial<Sample>): Promise<Sample> {
  const recoveryId = `r-${uniqueHex()}`;
  const now = Date.now();
  await saveRecovery(env.HISTORY, {
    recoveryId,
    componentId,
    componentType: TARGET_TYPE,
    failureType: 'health_check_failure',
    failureId: `f-${uniqueHex()}`,
    reason: 'it is down',
    startedAt: now,
    deadline: now + 60_000,
    status: 'running',
    finishedAt: null,
    actions: [],
    incidentId: null,
  });
  const path = `/v1/recoveries/${recoveryId}`;
  return { path: path + suffix, status: 200, touches: path, ...expected };
}

/** A silence without a matching incident. */
const aSilence = () => ({ matchers: { componentId: freshId() }, durationMs: 60_000, comment: 'while we look' });

/** A request on a webhook that receives no event of these tests. Always the same one, because fifty are allowed. */
async function onWebhook(suffix: string, status: number, body?: unknown): Promise<Sample> {
  await call('POST', '/v1/webhooks', aWebhook());
  const path = `/v1/webhooks/${aWebhook().id}`;
  return { path: path + suffix, status, body, touches: path };
}

const aWebhook = () => ({ id: 'matrix', url: 'http://127.0.0.1:1/hook', types: ['drill.ended'], subjects: ['nobody'] });

/** A request on a missing delivery of an existing webhook. */
async function onDelivery(): Promise<Sample> {
  return { ...(await onWebhook('/deliveries/d-none/replay', 404)), code: 'not-found' };
}

async function onSilence(): Promise<Sample> {
  const made = await call('POST', '/v1/silences', aSilence());
  return { path: `/v1/silences/${made.body.id}`, status: 200, touches: '/v1/silences?limit=500' };
}

/** A request on a lease of the target type that outlasts the test. */
async function onLease(suffix: string, body: unknown): Promise<Sample> {
  const { body: routed } = await call('POST', '/v1/route', { type: TARGET_TYPE, lease: { ttlMs: 3_600_000 } });
  const touches = `/v1/leases?type=${TARGET_TYPE}&limit=500`;
  return { path: `/v1/leases/${routed.lease.id}${suffix}`, status: 200, body, touches };
}
const TARGET_CONFIG = `/v1/config/types/${TARGET_TYPE}`;
const configOf = (id: string): string => `/v1/config/components/${id}`;

/** Stores a document at the path and returns its revision. */
async function revisionAt(path: string): Promise<number> {
  const { headers } = await call('PUT', path, { failureWindow: 240_000 });
  return Number(headers.get('etag')?.replaceAll('"', ''));
}

const onRevision = async (path: string): Promise<Sample> => at(`${path}/history/${await revisionAt(path)}`, 200);

/** A rollback to the current revision, which changes nothing. */
async function onRollback(path: string): Promise<Sample> {
  return { ...at(`${path}/rollback`, 200, { revision: await revisionAt(path) }), touches: path };
}

const SAMPLES: Readonly<Record<string, Build>> = {
  'GET /healthz': () => at('/healthz', 200),
  'GET /v1/health': () => at('/v1/health', 200),
  'GET /v1/load': () => at('/v1/load', 200),
  'POST /v1/load/redistribute': () => at('/v1/load/redistribute', 200, { type: TARGET_TYPE }),
  'GET /v1/events': () => at('/v1/events?limit=1', 200),
  'GET /v1/events/stream': () => at('/v1/events/stream', 200),
  // Only authorized callers learn that an upgrade is required.
  'GET /v1/events/socket': () => ({ ...at('/v1/events/socket', 426), code: 'upgrade-required' }),
  'GET /v1/snapshot': () => at('/v1/snapshot?type=caws_validator', 200),
  'GET /v1/components': () => at('/v1/components?limit=1', 200),
  'POST /v1/components': ({ id }) => at('/v1/components', 200, targetRegistration(id)),
  'GET /v1/components/{id}': (target) => on(target, '', 200),
  'PUT /v1/components/{id}': (target) => on(target, '', 200, targetRegistration(target.id)),
  'PATCH /v1/components/{id}': (target) => on(target, '', 200, { weight: 2 }),
  'DELETE /v1/components/{id}': (target) => on(target, '', 204),
  'POST /v1/components/{id}/heartbeat': (target) => on(target, '/heartbeat', 200, {}),
  'POST /v1/heartbeats': ({ id }) => at('/v1/heartbeats', 200, { heartbeats: [{ id }] }),
  // The target has no health check, which only authorized callers learn.
  'POST /v1/components/{id}/probe': (target) => ({ ...on(target, '/probe', 409), code: 'no-health-check' }),
  'GET /v1/components/{id}/health': (target) => on(target, '/health', 200),
  'GET /v1/components/{id}/history': (target) => on(target, '/history?limit=1', 200),
  'POST /v1/components/{id}/actions': (target) => on(target, '/actions', 200, { action: 'drain', reason: 'upgrade' }),
  'POST /v1/components/{id}/failures': (target) => on(target, '/failures', 202, { error: { message: 'it failed me' } }),
  'POST /v1/components/{id}/outcomes': (target) =>
    on(target, '/outcomes', 202, [{ outcome: 'success', latencyMs: 20 }]),
  'POST /v1/components/{id}/key': (target) => ({ ...on(target, '/key', 201), touches: `/v1/keys/${target.keyId}` }),
  'GET /v1/components/{id}/control-secret': (target) => on(target, '/control-secret', 200),
  'POST /v1/components/{id}/control-secret/rotate': (target) => ({
    ...on(target, '/control-secret/rotate', 200),
    touches: `/v1/components/${target.id}/control-secret`,
  }),
  'GET /v1/failures': () => at('/v1/failures?limit=1', 200),
  'GET /v1/failures/stats': () => at('/v1/failures/stats', 200),
  'POST /v1/recoveries/preview': ({ id: componentId }) =>
    at('/v1/recoveries/preview', 200, { componentId, error: { message: 'it failed me' } }),
  'GET /v1/recoveries': () => at('/v1/recoveries?limit=1', 200),
  'GET /v1/recoveries/{id}': (target) => onRecovery(target, '', {}),
  'POST /v1/recoveries/{id}/cancel': (target) => onRecovery(target, '/cancel', { status: 409, code: 'not-recovering' }),
  'GET /v1/incidents': () => at('/v1/incidents?limit=1', 200),
  'GET /v1/incidents/{id}': (target) => onIncident(target, ''),
  'POST /v1/incidents/{id}/acknowledge': (target) => onIncident(target, '/acknowledge'),
  'POST /v1/incidents/{id}/resolve': (target) => onIncident(target, '/resolve'),
  'POST /v1/silences': () => ({ ...at('/v1/silences', 201, aSilence()), touches: '/v1/silences?limit=500' }),
  'GET /v1/silences': () => at('/v1/silences?limit=1', 200),
  'DELETE /v1/silences/{id}': () => onSilence(),
  // The target has no health check for a failure injection, which only authorized callers learn.
  'POST /v1/drills': ({ id }) => ({
    ...at('/v1/drills', 409, { componentId: id, fault: 'refuse' }),
    code: 'no-health-check',
  }),
  'GET /v1/drills': () => at('/v1/drills?limit=1', 200),
  'GET /v1/drills/{id}': () => ({ ...at(`/v1/drills/d-${TARGET_TYPE}-${uniqueHex()}`, 404), code: 'not-found' }),
  'POST /v1/route': () => at('/v1/route', 200, { type: TARGET_TYPE }),
  'GET /v1/leases': () => at('/v1/leases?limit=1', 200),
  'POST /v1/leases/{id}/complete': () => onLease('/complete', { outcome: 'success', latencyMs: 20 }),
  'POST /v1/leases/{id}/renew': () => onLease('/renew', { ttlMs: 3_600_000 }),
  'POST /v1/keys': () => at('/v1/keys', 201, { name: freshId(), scopes: ['viewer'] }),
  'GET /v1/keys': () => at('/v1/keys?limit=1', 200),
  'GET /v1/keys/{id}': () => onKey(''),
  'PATCH /v1/keys/{id}': () => onKey('', { quotas: { leaseSlots: 5 } }),
  'POST /v1/keys/{id}/rotate': () => onKey('/rotate', {}),
  'DELETE /v1/keys/{id}': () => onKey(''),
  'GET /v1/audit': () => at('/v1/audit?limit=1', 200),
  'POST /v1/webhooks': () => ({
    ...at('/v1/webhooks', 422, { ...aWebhook(), url: 'ftp://a' }),
    code: 'endpoint-not-allowed',
  }),
  'GET /v1/webhooks': () => at('/v1/webhooks?limit=1', 200),
  'GET /v1/webhooks/{id}': () => onWebhook('', 200),
  'PATCH /v1/webhooks/{id}': () => onWebhook('', 200, { description: 'renamed' }),
  'DELETE /v1/webhooks/{id}': () => onWebhook('', 204),
  'POST /v1/webhooks/{id}/rotate-secret': () => onWebhook('/rotate-secret', 200, {}),
  'GET /v1/webhooks/{id}/deliveries': () => onWebhook('/deliveries?limit=1', 200),
  'POST /v1/webhooks/{id}/deliveries/{deliveryId}/replay': () => onDelivery(),
  'POST /v1/webhooks/{id}/replay': () => onWebhook('/replay', 202, {}),
  'POST /v1/webhooks/{id}/test': () => onWebhook('/test', 200),
  'GET /v1/config': () => at('/v1/config', 200),
  'PUT /v1/config': () => ({ ...at('/v1/config', 200, { failureWindow: 250_000 }), touches: '/v1/config' }),
  'GET /v1/config/types/{type}': () => at(TARGET_CONFIG, 200),
  'PUT /v1/config/types/{type}': () => ({
    ...at(TARGET_CONFIG, 200, { failureWindow: 200_000 }),
    touches: TARGET_CONFIG,
  }),
  'DELETE /v1/config/types/{type}': () => ({
    ...at(TARGET_CONFIG, 409),
    code: 'type-not-empty',
    touches: TARGET_CONFIG,
  }),
  'GET /v1/components/{id}/config': (target) => on(target, '/config', 200),
  'GET /v1/config/components/{id}': ({ id }) => at(configOf(id), 200),
  'PUT /v1/config/components/{id}': ({ id }) => ({
    ...at(configOf(id), 200, { failureWindow: 150_000 }),
    touches: configOf(id),
  }),
  'DELETE /v1/config/components/{id}': ({ id }) => ({ ...at(configOf(id), 204), touches: configOf(id) }),
  'GET /v1/config/history': () => at('/v1/config/history?limit=1', 200),
  'GET /v1/config/history/{revision}': () => onRevision('/v1/config'),
  'GET /v1/config/diff': () => at('/v1/config/diff', 200),
  'POST /v1/config/rollback': () => onRollback('/v1/config'),
  'GET /v1/config/types/{type}/history': () => at(`${TARGET_CONFIG}/history?limit=1`, 200),
  'GET /v1/config/types/{type}/history/{revision}': () => onRevision(TARGET_CONFIG),
  'GET /v1/config/types/{type}/diff': () => at(`${TARGET_CONFIG}/diff`, 200),
  'POST /v1/config/types/{type}/rollback': () => onRollback(TARGET_CONFIG),
  'GET /v1/config/components/{id}/history': ({ id }) => at(`${configOf(id)}/history?limit=1`, 200),
  'GET /v1/config/components/{id}/history/{revision}': ({ id }) => onRevision(configOf(id)),
  'GET /v1/config/components/{id}/diff': ({ id }) => at(`${configOf(id)}/diff`, 200),
  'POST /v1/config/components/{id}/rollback': ({ id }) => onRollback(configOf(id)),
  'GET /v1/config/types/{type}/controller-secret': () => at(`${TARGET_CONFIG}/controller-secret`, 200),
  'POST /v1/config/types/{type}/controller-secret/rotate': () => ({
    ...at(`${TARGET_CONFIG}/controller-secret/rotate`, 200),
    touches: `${TARGET_CONFIG}/controller-secret`,
  }),
  'POST /v1/session': () => at('/v1/session', 201),
  'POST /v1/session/link': () => at('/v1/session/link', 201),
  // A call with a key has no session.
  'GET /v1/session': () => ({ ...at('/v1/session', 404), code: 'not-found' }),
  'DELETE /v1/session': () => at('/v1/session', 204),
};

/** Operations with a sample, named by `nameOf`. */
export const SAMPLED: readonly string[] = Object.keys(SAMPLES);

export const nameOf = ({ method, path }: Operation): string => `${method} ${path}`;

export async function sampleFor(operation: Operation, target: Target): Promise<Sample> {
  const build = SAMPLES[nameOf(operation)];
  if (build) return build(target);
  const id = operation.path.startsWith('/v1/components/') ? target.id : 'any';
  const path = operation.path.replaceAll(/\{[^}]+\}/g, id);
  return { path, status: null, ...(operation.method === 'GET' ? {} : { body: {} }) };
}
