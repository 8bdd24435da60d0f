/** The configuration of a component, each time that it has changed: one blocking query after the other. */
import type { EffectiveComponentConfigResource } from '../api/schemas/config.ts';
import type { Send } from './http-transport.ts';
import { MIN_WAIT_MS, signalFor } from './blocking-query.ts';
import { Backoff } from './backoff.ts';

export interface WatchOptions {
  /** What the caller goes by already: it is not told again. */
  readonly revision?: number | undefined;
  /** How long one query waits, ms, up to 300 000. */
  readonly wait?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const WAIT_MS = 60_000;

/** Throws when the coordinator refuses for good. */
export async function* watchConfig(
  send: Send,
  path: string,
  { revision, wait = WAIT_MS, signal }: WatchOptions,
): AsyncGenerator<EffectiveComponentConfigResource, void> {
  const again = new Backoff(signal);
  const waitMs = Math.max(MIN_WAIT_MS, wait);
  let known = revision;
  while (!again.isOver) {
    try {
      const query = known === undefined ? {} : { revision: known, wait: waitMs };
      const { status, body } = await send({ path, query, signal: signalFor(waitMs, signal) });
      again.succeeded();
      if (status === 304) continue;
      const config = body as EffectiveComponentConfigResource;
      known = config.revision;
      yield config;
    } catch (error) {
      await again.after(error);
    }
  }
}
