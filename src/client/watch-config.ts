/**
 * The configuration of a component each time that it has changed: one blocking query after the other. Goes on through
 * whatever passes; throws only what another try would not change.
 */
import type { EffectiveComponentConfigResource } from '../api/schemas/config.ts';
import { CoordinatorError } from './coordinator-error.ts';
import type { Send } from './http-transport.ts';

export interface WatchOptions {
  /** What the caller goes by already: it is not told again. */
  readonly revision?: number | undefined;
  /** How long one query waits, ms. */
  readonly waitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const WAIT_MS = 60_000;
/** Or it would ask in a loop. */
const LEAST_MS = 1_000;
const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 30_000;

export async function* watchConfig(
  send: Send,
  path: string,
  { revision, waitMs = WAIT_MS, signal }: WatchOptions,
): AsyncGenerator<EffectiveComponentConfigResource, void> {
  const wait = Math.max(LEAST_MS, waitMs);
  let known = revision;
  const isOver = (): boolean => signal?.aborted ?? false;
  for (let failures = 0; !isOver();) {
    try {
      const query = known === undefined ? {} : { revision: known, wait };
      const sent = await orAborted(send({ path, query }), signal);
      failures = 0;
      if (sent === 'aborted' || sent.status === 304) continue;
      const config = sent.body as EffectiveComponentConfigResource;
      known = config.revision;
      yield config;
    } catch (error) {
      if (error instanceof CoordinatorError && isFinal(error.status)) throw error;
      const told = error instanceof CoordinatorError ? (error.retryAfterMs ?? 0) : 0;
      const longest = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** failures++);
      // Of many that were cut off at once not all come back at once.
      await orAborted(pause(Math.max(told, longest * (0.5 + Math.random() / 2))), signal);
    }
  }
}

const isFinal = (status: number): boolean => status >= 400 && status < 500 && status !== 408 && status !== 429;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T | 'aborted'> {
  if (!signal) return work;
  const { promise, resolve } = Promise.withResolvers<'aborted'>();
  const abort = (): void => resolve('aborted');
  signal.addEventListener('abort', abort);
  return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', abort));
}
