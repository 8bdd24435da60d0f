/**
 * Storing and rollback of configuration documents. A stored document applies in this isolate at once, and is sent to
 * the affected registries after the response.
 */
import type { Context } from 'hono';
import type { ConfigRefusal, StoredConfig } from '../../coordinator/contract/config-api.ts';
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import type { ConfigDocuments, DocumentScope } from '../../core/config/config-documents.ts';
import type { ConfigFault } from '../../core/config/config-rules.ts';
import type { EffectiveType } from '../../core/config/effective-config.ts';
import type { TypeConfig } from '../../core/config/settings.ts';
import type { OutboundPolicy } from '../../core/outbound/url-policy.ts';
import { judgeUrl } from '../../core/outbound/url-policy.ts';
import type { Result } from '../../core/result.ts';
import { outboundPolicyOf } from '../../outbound/outbound-policy.ts';
import { registryOf } from '../../registry/contract/registry-api.ts';
import type { AppEnv } from '../http/app-env.ts';
import { actorOf } from '../auth/actor-of.ts';
import { applyDocuments } from './current-config.ts';
import { etagOfDocument, invalidCondition, versionCondition } from '../http/version-condition.ts';
import type { ProblemResponse } from '../http/problem.ts';
import { problemOf, problemResponse, problemOptionsOf } from '../http/problem.ts';

type C = Context<AppEnv>;

export async function storeConfig(
  c: C,
  scope: DocumentScope,
  document: TypeConfig,
): Promise<StoredConfig | ProblemResponse> {
  const ifRevision = versionCondition(c);
  if (ifRevision === undefined) return invalidCondition(c);
  const errors = urlFaults(document, outboundPolicyOf(c.env));
  if (errors.length > 0) return problemResponse(c, 'endpoint-not-allowed', { errors });
  return applyStored(c, await coordinator().putConfig({ scope, document, ifRevision, actor: actorOf(c) }));
}

export async function rollBackConfig(
  c: C,
  scope: DocumentScope,
  revision: number,
): Promise<StoredConfig | ProblemResponse> {
  const ifRevision = versionCondition(c);
  if (ifRevision === undefined) return invalidCondition(c);
  const stored = await coordinator().configRevision(scope, revision);
  // The outbound policy may have changed since the revision was stored.
  const errors = urlFaults(stored?.document ?? {}, outboundPolicyOf(c.env));
  if (errors.length > 0) return problemResponse(c, 'endpoint-not-allowed', { errors });
  return applyStored(c, await coordinator().rollBackConfig({ scope, revision, ifRevision, actor: actorOf(c) }));
}

function applyStored(c: C, stored: Result<StoredConfig, never> | ConfigRefusal): StoredConfig | ProblemResponse {
  if (!stored.ok) {
    const faults = 'faults' in stored && stored.faults ? { errors: stored.faults } : {};
    return problemResponse(c, stored.reason, { ...problemOptionsOf(stored), ...faults });
  }
  if (stored.value.documents) applyToEdges(c, stored.value.documents);
  c.header('etag', etagOfDocument(stored.value));
  return stored.value;
}

/** Removes a type. Returns a problem, or null once the type is removed. */
export async function removeType(c: C, type: string): Promise<ProblemResponse | null> {
  const ifRevision = versionCondition(c);
  if (ifRevision === undefined) return invalidCondition(c);
  const removed = await coordinator().removeType({ type, ifRevision, actor: actorOf(c) });
  if (!removed.ok) return problemOf(c, removed);
  applyToEdges(c, removed.value);
  return null;
}

/** Applies the documents after a change in this isolate, and sends the changed types to their registries. */
export function applyToEdges(c: C, documents: ConfigDocuments): void {
  const { revision } = documents;
  const changed = Array.from(applyDocuments(documents).types.values()).filter((type) => type.revision === revision);
  c.executionCtx.waitUntil(sendTypeConfig(changed));
}

/** Faults of a document's URLs that the outbound policy refuses. */
function urlFaults({ canaryUrl, controller }: TypeConfig, policy: OutboundPolicy): ConfigFault[] {
  const urls = { canaryUrl, 'controller.url': controller?.url };
  return Object.entries(urls).flatMap(([path, url]) => {
    const verdict = url == null ? null : judgeUrl(url, policy);
    return verdict && !verdict.ok ? [{ path, message: verdict.message }] : [];
  });
}

/** Sends the types to their registries. An unreachable registry receives them later, from an edge or the sweep. */
async function sendTypeConfig(types: readonly EffectiveType[]): Promise<void> {
  await Promise.allSettled(
    types.map(({ name, revision, overrides }) => registryOf(name).configureType({ revision, overrides })),
  );
}
