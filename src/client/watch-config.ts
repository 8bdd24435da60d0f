/** Watch of a component's effective configuration, as a sequence of blocking queries. */
import type { EffectiveComponentConfigResource } from '../api/schemas/config.ts';
import type { Send } from './http-transport.ts';
import { MIN_WAIT_MS, querySignal } from './blocking-query.ts';
import { Backoff } from './backoff.ts';

export interface WatchOptions {
  /** The revision that the caller already has; the watch yields only other ones. */
  readonly revision?: number | undefined;
  /** Wait of one query, ms, at most 300 000. */
  readonly wait?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const WAIT_MS = 60_000;

/** Throws `CoordinatorError` on a refusal that no retry can change. */
export async function* watchConfig(
  send: Send,
  path: string,
  { revision, wait = WAIT_MS, signal }: WatchOptions,
): AsyncGenerator<EffectiveComponentConfigResource, void> {
  const backoff = new Backoff(signal);
  const waitMs = Math.max(MIN_WAIT_MS, wait);
  let knownRevision = revision;
  while (!backoff.isAborted) {
    try {
      const query = knownRevision === undefined ? {} : { revision: knownRevision, wait: waitMs };
      const { status, body } = await send({ path, query, signal: querySignal(waitMs, signal) });
      backoff.reset();
      if (status === 304) continue;
      const config = body as EffectiveComponentConfigResource;
      knownRevision = config.revision;
      yield config;
    } catch (error) {
      await backoff.waitAfter(error);
    }
  }
}
