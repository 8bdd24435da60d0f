import { toIso } from '../../core/component/resource.ts';
import type { RecordedFailure } from '../../history/failure-history.ts';
import type { FailureResource } from '../schemas/failure.ts';

export const failureResource = (failure: RecordedFailure): FailureResource => ({
  ...failure,
  occurredAt: toIso(failure.occurredAt),
  lastOccurredAt: toIso(failure.lastOccurredAt),
});
