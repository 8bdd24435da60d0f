/** How the work of a lease went: told where the lease is held. */
import { isComponentType } from '../../core/config/effective-config.ts';
import { typeOfLease } from '../../core/lease/lease-id.ts';
import type { CompletedLease } from '../../registry/contract/lease-api.ts';
import { completeAtEdge } from '../../edge/edge-leases.ts';
import type { Call, JsonResponse } from '../http/call.ts';
import { jsonResponse, waitUntilOf } from '../http/call.ts';
import { currentConfigWithType } from './current-config.ts';
import { withinLoad } from '../middleware/shed-load.ts';
import type { ProblemResponse } from '../http/problem.ts';
import { problemResponse, problemOf } from '../http/problem.ts';
import type { CompletionData } from '../schemas/lease.ts';

type Answer = JsonResponse<CompletedLease> | ProblemResponse;

export const completeLease = (c: Call, id: string, told: CompletionData): Promise<Answer> =>
  withinLoad(c, () => complete(c, id, told));

async function complete(c: Call, id: string, completion: CompletionData): Promise<Answer> {
  const { outcome, latencyMs = null, error } = completion;
  const type = await typeOfLeaseId(c, id);
  if (type === null) return unknownLease(c, id);
  const { code, message = '' } = error ?? {};
  const told = error ? { message, ...(code === undefined ? {} : { code }) } : null;
  const completed = await completeAtEdge(type, id, { outcome, latencyMs, error: told }, waitUntilOf(c));
  return completed.ok ? jsonResponse(c, completed.value) : problemOf(c, completed);
}

/** The id says where the lease is; null when there is no such type. */
export async function typeOfLeaseId(c: Call, id: string): Promise<string | null> {
  const type = typeOfLease(id);
  if (type === undefined) return null;
  const config = await currentConfigWithType(c, (known) => isComponentType(known, type));
  return isComponentType(config, type) ? type : null;
}

export const unknownLease = (c: Call, id: string): ProblemResponse =>
  problemResponse(c, 'unknown-lease', { detail: `there is no lease ${id}` });
