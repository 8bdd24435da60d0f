/**
 * A small valid request for every operation, and what it is answered. An operation that is not listed is
 * called with made-up path parameters and an empty body: see `sampleFor`.
 */
import type { Operation } from './contract-operations.ts';
import { call, freshId } from './coordinator-http.ts';
import type { Target } from './callers.ts';
import { CONTROL, TARGET_TYPE } from './callers.ts';
import { silentRegistration } from './silent-registration.ts';

export interface Sample {
  readonly path: string;
  readonly body?: unknown;
  /** Null: whatever shows that the call got past the door. */
  readonly status: number | null;
}

type Build = (target: Target) => Promise<Sample> | Sample;

/** The target's own registration, as it stands. */
const registrationOf = ({ id }: Target): Record<string, unknown> =>
  silentRegistration(id, { type: TARGET_TYPE, control: CONTROL });

const madeKey = async (): Promise<string> =>
  (await call('POST', '/v1/keys', { name: 'matrix target', scopes: ['viewer'] })).body.id as string;
const NO_RECOVERY = `r-${'0'.repeat(32)}`;
const NO_INCIDENT = `i-${'0'.repeat(32)}`;

const at = (path: string, status: number, body?: unknown): Sample => ({ path, status, body });

const SAMPLES: Readonly<Record<string, Build>> = {
  'GET /healthz': () => at('/healthz', 200),
  'GET /v1/health': () => at('/v1/health', 200),
  'GET /v1/load': () => at('/v1/load', 200),
  'GET /v1/events': () => at('/v1/events?limit=1', 200),
  'GET /v1/components': () => at('/v1/components?limit=1', 200),
  'POST /v1/components': (target) => at('/v1/components', 200, registrationOf(target)),
  'GET /v1/components/{id}': ({ id }) => at(`/v1/components/${id}`, 200),
  'PUT /v1/components/{id}': (target) => at(`/v1/components/${target.id}`, 200, registrationOf(target)),
  'PATCH /v1/components/{id}': ({ id }) => at(`/v1/components/${id}`, 200, { weight: 2 }),
  'DELETE /v1/components/{id}': ({ id }) => at(`/v1/components/${id}`, 204),
  'POST /v1/components/{id}/heartbeat': ({ id }) => at(`/v1/components/${id}/heartbeat`, 200, {}),
  'POST /v1/heartbeats': ({ id }) => at('/v1/heartbeats', 200, { heartbeats: [{ id }] }),
  // It has no health check, which only those are told who may have it checked.
  'POST /v1/components/{id}/probe': ({ id }) => at(`/v1/components/${id}/probe`, 409),
  'GET /v1/components/{id}/health': ({ id }) => at(`/v1/components/${id}/health`, 200),
  'POST /v1/components/{id}/failures': ({ id }) =>
    at(`/v1/components/${id}/failures`, 202, { error: { message: 'it failed me' } }),
  'POST /v1/components/{id}/key': ({ id }) => at(`/v1/components/${id}/key`, 201),
  'GET /v1/components/{id}/control-secret': ({ id }) => at(`/v1/components/${id}/control-secret`, 200),
  'POST /v1/components/{id}/control-secret/rotate': ({ id }) => at(`/v1/components/${id}/control-secret/rotate`, 200),
  'GET /v1/failures': () => at('/v1/failures?limit=1', 200),
  'GET /v1/failures/stats': () => at('/v1/failures/stats', 200),
  'GET /v1/recoveries': () => at('/v1/recoveries?limit=1', 200),
  'GET /v1/recoveries/{id}': () => at(`/v1/recoveries/${NO_RECOVERY}`, 404),
  'POST /v1/recoveries/{id}/cancel': () => at(`/v1/recoveries/${NO_RECOVERY}/cancel`, 404),
  'GET /v1/incidents': () => at('/v1/incidents?limit=1', 200),
  'GET /v1/incidents/{id}': () => at(`/v1/incidents/${NO_INCIDENT}`, 404),
  'POST /v1/incidents/{id}/acknowledge': () => at(`/v1/incidents/${NO_INCIDENT}/acknowledge`, 404),
  'POST /v1/incidents/{id}/resolve': () => at(`/v1/incidents/${NO_INCIDENT}/resolve`, 404),
  'POST /v1/route': () => at('/v1/route', 200, { type: TARGET_TYPE }),
  'POST /v1/keys': () => at('/v1/keys', 201, { name: freshId(), scopes: ['viewer'] }),
  'GET /v1/keys': () => at('/v1/keys?limit=1', 200),
  'GET /v1/keys/{id}': async () => at(`/v1/keys/${await madeKey()}`, 200),
  'POST /v1/keys/{id}/rotate': async () => at(`/v1/keys/${await madeKey()}/rotate`, 200, {}),
  'DELETE /v1/keys/{id}': async () => at(`/v1/keys/${await madeKey()}`, 200),
  'GET /v1/audit': () => at('/v1/audit?limit=1', 200),
  'POST /v1/session': () => at('/v1/session', 201),
  // With a key there is no session to read.
  'GET /v1/session': () => at('/v1/session', 404),
  'DELETE /v1/session': () => at('/v1/session', 204),
};

export const nameOf = ({ method, path }: Operation): string => `${method} ${path}`;

export const hasSample = (operation: Operation): boolean => nameOf(operation) in SAMPLES;

export async function sampleFor(operation: Operation, target: Target): Promise<Sample> {
  const build = SAMPLES[nameOf(operation)];
  if (build) return build(target);
  const id = operation.path.startsWith('/v1/components/') ? target.id : 'any';
  const path = operation.path.replaceAll(/\{[^}]+\}/g, id);
  return { path, status: null, ...(operation.method === 'GET' ? {} : { body: {} }) };
}
