/** The problem document of a routing request that no component can take, from the isolate or from the registry. */
import type { CandidateCounts } from '../../core/balancing/candidate-counts.ts';
import { describeCounts } from '../../core/balancing/candidate-counts.ts';
import type { CandidateVerdict } from '../../core/balancing/explain.ts';
import type { Call } from '../http/call.ts';
import type { ProblemCode, ProblemOptions, ProblemResponse } from '../http/problem.ts';
import { problemResponse } from '../http/problem.ts';

interface RouteRefusal {
  readonly code: ProblemCode;
  /** Why, without the subject. */
  readonly message: string;
  readonly retryAfterSeconds?: ProblemOptions['retryAfterSeconds'] | undefined;
  /** Null if the components are not known. */
  readonly known: { readonly counts: CandidateCounts; readonly candidates: readonly CandidateVerdict[] } | null;
}

/** The requested work; `requestType` only if the request named one. */
interface RequestedWork {
  readonly type: string;
  readonly requestType: string | undefined;
}

/** Names the request type, the component type and the components by state, in `detail` and as fields. */
export function refuseRoute(
  c: Call,
  { type, requestType }: RequestedWork,
  { code, message, retryAfterSeconds, known }: RouteRefusal,
): ProblemResponse {
  const requested = requestType === undefined ? `type ${type}` : `request type ${requestType}, type ${type}`;
  return problemResponse(c, code, {
    detail: [message, requested, ...(known ? [describeCounts(known.counts)] : [])].join('; '),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    routing: {
      ...(requestType === undefined ? {} : { requestType }),
      componentType: type,
      ...(known ? { components: known.counts, candidates: [...known.candidates] } : {}),
    },
  });
}
