/** Does a piece of work under a lease, which is kept for as long as it takes and completed in the end. */
import type { CompletionSchema, RenewalSchema } from '../api/schemas/lease.ts';
import type { RouteAnswer, RouteRequestBody } from '../api/schemas/route.ts';
import type { input } from 'zod';

export type LeaseRequest = RouteRequestBody & { readonly lease: NonNullable<RouteRequestBody['lease']> };

/** Where the work is to be done, and the lease it is done under. */
export type LeasedWork = RouteAnswer & { readonly lease: NonNullable<RouteAnswer['lease']> };

export interface LeaseCalls {
  route(body: RouteRequestBody): Promise<RouteAnswer>;
  complete(leaseId: string, body: input<typeof CompletionSchema>): Promise<unknown>;
  renew(leaseId: string, body: input<typeof RenewalSchema>): Promise<unknown>;
}

/** As the coordinator takes it where a request names none. */
const DEFAULT_TTL_MS = 30_000;

/**
 * Answers what `work` answers and throws what it throws; how it went is told either way. A lease that runs out
 * meanwhile is renewed.
 */
export async function withLease<T>(
  calls: LeaseCalls,
  request: LeaseRequest,
  work: (leased: LeasedWork) => Promise<T>,
): Promise<T> {
  const leased = (await calls.route(request)) as LeasedWork;
  const { id } = leased.lease;
  const ttlMs = request.lease.ttlMs ?? DEFAULT_TTL_MS;
  const begunAt = Date.now();
  // What fails is tried again with the next one; a lease that is over ends no work.
  const renewing = setInterval(() => void quietly(calls.renew(id, { ttlMs })), ttlMs / 3);
  const complete = (outcome: 'success' | 'failure' | 'timeout'): Promise<void> =>
    quietly(calls.complete(id, { outcome, latencyMs: Date.now() - begunAt }));
  try {
    const result = await work(leased);
    await complete('success');
    return result;
  } catch (error) {
    await complete(error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'failure');
    throw error;
  } finally {
    clearInterval(renewing);
  }
}

/** The work is done whether or not the coordinator hears of it: without a word the lease ends by itself. */
const quietly = (call: Promise<unknown>): Promise<void> =>
  call.then(
    () => undefined,
    () => undefined,
  );
