/** Completion of a lease: reports the outcome of the work to the isolate's lease block or to the registry. */
import { isComponentType } from '../../core/config/effective-config.ts';
import { typeOfLease } from '../../core/lease/lease-id.ts';
import type { WorkCompletion } from '../../core/vital/work-report.ts';
import type { CompletedLease } from '../../registry/contract/lease-api.ts';
import { completeAtEdge } from '../../edge/edge-leases.ts';
import type { Call, JsonResponse } from '../http/call.ts';
import { jsonResponse, waitUntilOf } from '../http/call.ts';
import { currentConfigWithType } from './current-config.ts';
import { withinLoad } from '../middleware/shed-load.ts';
import type { ProblemResponse } from '../http/problem.ts';
import { problemResponse, problemOf } from '../http/problem.ts';
import type { VitalMessage } from '../http/vital-body.ts';
import { withWarnings } from '../http/vital-body.ts';

type CompletionResponse = JsonResponse<CompletedLease> | ProblemResponse;

type CompletionMessage = VitalMessage<WorkCompletion>;

export const completeLease = (c: Call, id: string, message: CompletionMessage): Promise<CompletionResponse> =>
  withinLoad(c, () => complete(c, id, message));

async function complete(c: Call, id: string, { value, warnings }: CompletionMessage): Promise<CompletionResponse> {
  const type = await typeOfLeaseId(c, id);
  if (type === null) return unknownLease(c, id);
  const completed = await completeAtEdge(type, id, value, waitUntilOf(c));
  return completed.ok ? jsonResponse(c, withWarnings(completed.value, warnings)) : problemOf(c, completed);
}

/** Component type encoded in a lease id; null when no such type is configured. */
export async function typeOfLeaseId(c: Call, id: string): Promise<string | null> {
  const type = typeOfLease(id);
  if (type === undefined) return null;
  const config = await currentConfigWithType(c, (known) => isComponentType(known, type));
  return isComponentType(config, type) ? type : null;
}

export const unknownLease = (c: Call, id: string): ProblemResponse =>
  problemResponse(c, 'unknown-lease', { detail: `there is no lease ${id}` });
