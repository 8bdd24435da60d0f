/** Runs work under a lease: routes, renews the lease meanwhile, and completes it at the end. */
import type { CompletionSchema, RenewalSchema } from '../api/schemas/lease.ts';
import type { RouteResponseData, RouteRequestBody } from '../api/schemas/route.ts';
import type { input } from 'zod';

export type LeaseRequest = RouteRequestBody & { readonly lease: NonNullable<RouteRequestBody['lease']> };

/** The component that should do the work, and the lease for it. */
export type LeasedWork = RouteResponseData & { readonly lease: NonNullable<RouteResponseData['lease']> };

export interface LeaseCalls {
  route(body: RouteRequestBody): Promise<RouteResponseData>;
  complete(leaseId: string, body: input<typeof CompletionSchema>): Promise<unknown>;
  renew(leaseId: string, body: input<typeof RenewalSchema>): Promise<unknown>;
}

/** The coordinator's default for a request without `ttlMs`. */
const DEFAULT_TTL_MS = 30_000;

/**
 * Returns the result of `work`, or throws its error, after completing the lease with the outcome. Renews the lease
 * every third of its TTL until then.
 */
export async function withLease<T>(
  calls: LeaseCalls,
  request: LeaseRequest,
  work: (leased: LeasedWork) => Promise<T>,
): Promise<T> {
  const leased = (await calls.route(request)) as LeasedWork;
  const { id } = leased.lease;
  const ttlMs = request.lease.ttlMs ?? DEFAULT_TTL_MS;
  const startedAt = Date.now();
  // After a failed renewal the next one tries again. An expired lease does not stop the work.
  const renewalTimer = setInterval(() => void ignoreErrors(calls.renew(id, { ttlMs })), ttlMs / 3);
  const complete = (outcome: 'success' | 'failure' | 'timeout'): Promise<void> =>
    ignoreErrors(calls.complete(id, { outcome, latencyMs: Date.now() - startedAt }));
  try {
    const result = await work(leased);
    await complete('success');
    return result;
  } catch (error) {
    await complete(error instanceof Error && error.name === 'TimeoutError' ? 'timeout' : 'failure');
    throw error;
  } finally {
    clearInterval(renewalTimer);
  }
}

/** A failed call must not fail the work: without a completion the lease expires. */
const ignoreErrors = (call: Promise<unknown>): Promise<void> =>
  call.then(
    () => undefined,
    () => undefined,
  );
