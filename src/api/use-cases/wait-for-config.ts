/**
 * Waits until the configuration of a component is not of a revision any more: in the Worker. All who wait in an
 * isolate share one call after the other, by which they hear that something was changed; then each looks at its own.
 */
import type { ComponentConfigResult, ComponentConfigRequest } from '../../coordinator/contract/config-api.ts';
import { configWatch } from '../../edge/config-watch.ts';
import { coordinator } from '../../coordinator/contract/coordinator-api.ts';
import type { Reader } from '../../long-poll/shared-call.ts';
import { sleep } from '../../long-poll/sleep.ts';

/** The platform ends a request that makes a thousand calls. */
const MAX_CALLS = 800;
const RETRY_MS = 1_000;
/** A call that is not answered by then is not waited for any more. */
const GIVE_UP_MS = 3_000;

export type ConfigWaitResult = ComponentConfigResult | { readonly kind: 'unreachable' };

/** At once without `until` or `unless`. Throws nothing: who waits has seen the coordinator come and go. */
export async function waitForConfig(
  ask: ComponentConfigRequest,
  until: number,
  reader: Reader,
): Promise<ConfigWaitResult> {
  if (ask.unless === null) return askOnce(ask, reader);
  for (;;) {
    // Before its own is looked at: what is changed in between moves it on.
    const index = configWatch.known ?? (until > Date.now() ? await configWatch.read(reader) : null);
    const answer = await askOnce(ask, reader);
    const isFinal = answer.kind === 'levels' || answer.kind === 'unknown-component';
    if (isFinal || Date.now() >= until || reader.calls >= MAX_CALLS) return answer;
    const waited = index === null ? null : await configWatch.waitBeyond(index, until, reader);
    // Its component may be gone by now.
    if (waited?.kind === 'unmoved') return askOnce(ask, reader);
    // Not there: it must not be asked in a loop.
    if (waited?.kind !== 'moved') await sleep(Math.min(until - Date.now(), RETRY_MS));
  }
}

async function askOnce(request: ComponentConfigRequest, reader: Reader): Promise<ConfigWaitResult> {
  reader.calls++;
  reader.seenAt = Date.now();
  const late = Promise.withResolvers<ConfigWaitResult>();
  const timer = setTimeout(() => late.resolve({ kind: 'unreachable' }), GIVE_UP_MS);
  const asked = coordinator()
    .componentConfig(request)
    .catch((error: unknown): ConfigWaitResult => {
      console.error(JSON.stringify({ message: 'configuration not read', id: request.id, error: String(error) }));
      return { kind: 'unreachable' };
    });
  return Promise.race([asked, late.promise]).finally(() => clearTimeout(timer));
}
