/**
 * Every operation of the contract with a source of valid requests: hand-written drafts, or values from its declared
 * schemas. A new operation of the contract takes part automatically.
 */
import * as fc from 'fast-check';
import * as z from 'zod';
import { createApp } from '../../../src/api/app.ts';
import * as component from './component-drafts.ts';
import * as config from './config-drafts.ts';
import type { Draft } from './fuzz-request.ts';
import { poolId } from './fuzz-pool.ts';
import * as other from './other-drafts.ts';
import { schemaArbitrary } from './schema-arbitrary.ts';
import type { Value } from './strange-values.ts';
import * as webhook from './webhook-drafts.ts';

export interface FuzzedOperation {
  /** `POST /v1/components` */
  readonly name: string;
  readonly method: string;
  /** Path with placeholders. */
  readonly path: string;
  readonly drafts: fc.Arbitrary<Draft>;
  /** Weight for the cases beyond the minimum per operation. */
  readonly weight: number;
}

/** Drafts and weights by operation. */
const SAMPLES: Readonly<Record<string, readonly [fc.Arbitrary<Draft>, number]>> = {
  'POST /v1/components': [component.registerDraft, 20],
  'GET /v1/components': [other.componentsDraft, 6],
  'GET /v1/components/{id}': [component.oneComponent, 6],
  'PUT /v1/components/{id}': [component.replaceDraft, 10],
  'PATCH /v1/components/{id}': [component.patchDraft, 14],
  'DELETE /v1/components/{id}': [component.removeDraft, 4],
  'POST /v1/components/{id}/heartbeat': [component.heartbeatDraft, 5],
  'POST /v1/heartbeats': [component.heartbeatsDraft, 5],
  'POST /v1/components/{id}/actions': [component.operationDraft, 2],
  'POST /v1/components/{id}/failures': [component.failureDraft, 3],
  'POST /v1/components/{id}/outcomes': [component.outcomesDraft, 3],
  // On-demand checks are limited to ten per component, then one per second.
  'POST /v1/components/{id}/probe': [component.oneComponent, 0],
  'GET /v1/failures': [other.failuresDraft, 1],
  'GET /v1/recoveries': [other.recoveriesDraft, 1],
  'GET /v1/incidents': [other.incidentsDraft, 1],
  'GET /v1/events': [other.eventsDraft, 2],
  'GET /v1/events/stream': [other.streamDraft, 0],
  'GET /v1/events/socket': [other.streamDraft, 0],
  'GET /v1/snapshot': [other.snapshotDraft, 1],
  'POST /v1/route': [other.routeDraft, 8],
  'POST /v1/leases/{id}/complete': [other.completionDraft, 3],
  'POST /v1/leases/{id}/renew': [other.renewalDraft, 1],
  'POST /v1/load/redistribute': [other.redistributeDraft, 0],
  'GET /v1/leases': [other.leasesDraft, 1],
  'POST /v1/keys': [other.newKeyDraft, 4],
  'GET /v1/keys': [other.keysDraft, 1],
  'GET /v1/keys/{id}': [other.readKeyDraft, 2],
  'PATCH /v1/keys/{id}': [other.quotasDraft, 1],
  'POST /v1/keys/{id}/rotate': [other.rotateKeyDraft, 2],
  'DELETE /v1/keys/{id}': [other.revokeKeyDraft, 1],
  'GET /v1/config': [config.readConfigDraft, 0],
  'PUT /v1/config': [config.putConfigDraft, 2],
  'GET /v1/config/types/{type}': [config.readTypeConfigDraft, 1],
  'PUT /v1/config/types/{type}': [config.putTypeConfigDraft, 3],
  'GET /v1/config/components/{id}': [component.oneComponent, 1],
  'PUT /v1/config/components/{id}': [config.putComponentConfigDraft, 2],
  'GET /v1/components/{id}/config': [component.oneComponent, 1],
  'GET /v1/config/types/{type}/controller-secret': [config.ofTypeDraft, 0],
  'POST /v1/config/types/{type}/controller-secret/rotate': [config.ofTypeDraft, 0],
  'GET /v1/session': [other.sessionDraft, 0],
  'POST /v1/webhooks': [webhook.newWebhookDraft, 2],
  'GET /v1/webhooks/{id}': [webhook.readWebhookDraft, 0],
  'PATCH /v1/webhooks/{id}': [webhook.changeWebhookDraft, 1],
  'DELETE /v1/webhooks/{id}': [webhook.readWebhookDraft, 0],
  'POST /v1/webhooks/{id}/rotate-secret': [webhook.rotateWebhookDraft, 0],
  'GET /v1/webhooks/{id}/deliveries': [webhook.deliveriesDraft, 0],
  'POST /v1/webhooks/{id}/deliveries/{deliveryId}/replay': [webhook.replayDeliveryDraft, 0],
  'POST /v1/webhooks/{id}/replay': [webhook.replayWebhookDraft, 0],
  'POST /v1/webhooks/{id}/test': [webhook.readWebhookDraft, 0],
};

interface Declared {
  readonly method: string;
  readonly path: string;
  readonly request?: {
    readonly params?: unknown;
    readonly query?: unknown;
    readonly body?: { readonly content: Readonly<Record<string, { readonly schema?: unknown }>> };
  };
}

export const fuzzedOperations = (): FuzzedOperation[] =>
  createApp().openAPIRegistry.definitions.flatMap((definition) => {
    if (definition.type !== 'route') return [];
    const declared = definition.route as unknown as Declared;
    const [method, path] = [declared.method.toUpperCase(), declared.path];
    const name = `${method} ${path}`;
    const [drafts, weight] = SAMPLES[name] ?? [declaredDraft(declared), 1];
    return [{ name, method, path, drafts, weight }];
  });

/** Token for an id of the collection. */
const IDS: Readonly<Record<string, fc.Arbitrary<string>>> = {
  components: fc.nat(199).map(poolId),
  keys: fc.nat(999).map((at) => `@key:${at}`),
  recoveries: fc.nat(999).map((at) => `@recovery:${at}`),
  incidents: fc.nat(999).map((at) => `@incident:${at}`),
};

const asText = (value: Value): string => (typeof value === 'string' ? value : JSON.stringify(value));

const asTexts = (values: Value): Record<string, string> =>
  Object.fromEntries(Object.entries(values as Record<string, Value>).map(([name, value]) => [name, asText(value)]));

const membersOf = (schema: unknown): fc.Arbitrary<Record<string, string>> =>
  schema instanceof z.ZodType ? schemaArbitrary(schema).map(asTexts) : fc.constant({});

function declaredDraft({ path, request = {} }: Declared): fc.Arbitrary<Draft> {
  const ids = IDS[path.split('/')[2] ?? ''];
  const params =
    ids && path.includes('{id}')
      ? fc.tuple(membersOf(request.params), ids).map(([made, id]) => ({ ...made, id }))
      : membersOf(request.params);
  const [content] = Object.values(request.body?.content ?? {});
  const body = content?.schema instanceof z.ZodType ? schemaArbitrary(content.schema) : undefined;
  const parts = fc.tuple(params, membersOf(request.query), body ?? fc.constant(null));
  return parts.map(([made, query, value]) => ({
    params: made,
    // A cursor cannot be generated.
    query: Object.entries(query).filter(([name]) => name !== 'cursor'),
    headers: {},
    ...(body ? { body: value } : {}),
  }));
}
