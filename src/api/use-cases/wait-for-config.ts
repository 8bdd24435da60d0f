/**
 * Blocking query for the configuration of a component: waits in the isolate until the revision differs.
 *
 * All waiting readers of an isolate share one call at a time, which reports any configuration change. Each reader then
 * reads the configuration of its own component.
 */
import type { ComponentConfigResult, ComponentConfigRequest } from '../../coordinator/contract/config-api.ts';
import { configWatch } from '../../edge/config-watch.ts';
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import type { Reader } from '../../long-poll/shared-call.ts';
import { sleep } from '../../long-poll/sleep.ts';
import { logError } from '../../logging/log-error.ts';

/** Bound on calls to Durable Objects. Cloudflare ends a request that makes a thousand. */
const MAX_CALLS = 800;
const RETRY_MS = 1_000;
/** Time limit for one call to the coordinator. */
const CALL_TIMEOUT_MS = 3_000;

export type ConfigWaitResult = ComponentConfigResult | { readonly kind: 'unreachable' };

/**
 * Returns the configuration once its revision differs from `unless`, or at `until` (epoch ms). Returns at once when
 * `unless` is null. Never throws: an unreachable coordinator is retried until `until`.
 */
export async function waitForConfig(
  request: ComponentConfigRequest,
  until: number,
  reader: Reader,
): Promise<ConfigWaitResult> {
  if (request.knownRevision === null) return readOnce(request, reader);
  for (;;) {
    // Read the index before the configuration: a change between the two reads then ends the wait.
    const index = configWatch.known ?? (until > Date.now() ? await configWatch.read(reader) : null);
    const result = await readOnce(request, reader);
    const isFinal = result.kind === 'levels' || result.kind === 'unknown-component';
    if (isFinal || Date.now() >= until || reader.calls >= MAX_CALLS) return result;
    const waited = index === null ? null : await configWatch.waitBeyond(index, until, reader);
    // Read again: the component may have been removed meanwhile.
    if (waited?.kind === 'unmoved') return readOnce(request, reader);
    // The coordinator is unreachable: avoid a tight loop.
    if (waited?.kind !== 'moved') await sleep(Math.min(until - Date.now(), RETRY_MS));
  }
}

async function readOnce(request: ComponentConfigRequest, reader: Reader): Promise<ConfigWaitResult> {
  reader.calls++;
  reader.seenAt = Date.now();
  const timeout = Promise.withResolvers<ConfigWaitResult>();
  const timer = setTimeout(() => timeout.resolve({ kind: 'unreachable' }), CALL_TIMEOUT_MS);
  const response = coordinator()
    .componentConfig(request)
    .catch((error: unknown): ConfigWaitResult => {
      logError('configuration not read', { id: request.id, error });
      return { kind: 'unreachable' };
    });
  return Promise.race([response, timeout.promise]).finally(() => clearTimeout(timer));
}
