/**
 * Waits until the configuration of a component is not of a revision any more: in the Worker, over calls that the
 * coordinator holds for a second at most, so that nothing depends on any of them.
 */
import type { ComponentConfigAnswer, ComponentConfigRequest } from '../coordinator/config-api.ts';
import { coordinator } from '../coordinator/coordinator-api.ts';

const HOLD_MS = 1_000;
/** The platform ends a request that makes a thousand calls: 300 s and a sixteenth are 797 of these. */
const PACE_MS = 400;
const RETRY_MS = 500;
/** A call that is not answered by then is not waited for any more. */
const GIVE_UP_MS = 3_000;

export type Waited = ComponentConfigAnswer | { readonly kind: 'unreachable' };

type Ask = Pick<ComponentConfigRequest, 'id' | 'only' | 'unless'>;

/** At once without `until` or `unless`. Throws nothing: who waits has seen the coordinator come and go. */
export async function waitForConfig(ask: Ask, until: number, isSeen: () => void): Promise<Waited> {
  for (;;) {
    isSeen();
    const beganAt = Date.now();
    const left = until - beganAt;
    const answer = await askOnce({ ...ask, holdMs: Math.max(0, Math.min(HOLD_MS, left)) });
    const isFinal = answer.kind === 'levels' || answer.kind === 'unknown-component';
    const now = Date.now();
    if (isFinal || now >= until) return answer;
    // Not held, or not there: it must not be asked in a loop.
    const pace = answer.kind === 'unreachable' ? RETRY_MS : PACE_MS;
    await pause(Math.min(until - now, beganAt + pace - now));
  }
}

async function askOnce(request: ComponentConfigRequest): Promise<Waited> {
  const late = Promise.withResolvers<Waited>();
  const timer = setTimeout(() => late.resolve({ kind: 'unreachable' }), request.holdMs + GIVE_UP_MS);
  const asked = coordinator()
    .componentConfig(request)
    .catch((error: unknown): Waited => {
      console.error(JSON.stringify({ message: 'configuration not read', id: request.id, error: String(error) }));
      return { kind: 'unreachable' };
    });
  return Promise.race([asked, late.promise]).finally(() => clearTimeout(timer));
}

const pause = (ms: number): Promise<void> =>
  ms > 0 ? new Promise((resolve) => setTimeout(resolve, ms)) : Promise.resolve();
