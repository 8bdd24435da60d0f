/** Quotas for what callers request on demand of one component. In memory: an eviction of the object refills them. */
import { PROBE_QUOTA, REPORT_QUOTA, ROTATION_QUOTA } from '../../core/quota/on-demand-quota.ts';
import type { Consumption, TokenBucket } from '../../core/quota/token-bucket.ts';
import { consumeTokens } from '../../core/quota/token-bucket.ts';
import type { Failure } from '../../core/result.ts';
import { fail } from '../../core/result.ts';
import type { Member } from '../state/member.ts';

/** Consumes a token for a check on demand; null when it is allowed. */
export function chargeProbe(member: Member, now: number): Failure<'too-many-probes'> | null {
  const consumption = consumeTokens(member.quotas.probes, PROBE_QUOTA, now);
  member.quotas = { ...member.quotas, probes: consumption.next };
  return refusal('too-many-probes', consumption, `${member.record.registration.id} is checked too often`);
}

/** Consumes a token for a failure report; null when it is allowed. */
export function chargeReport(member: Member, now: number): Failure<'too-many-reports'> | null {
  const consumption = consumeTokens(member.quotas.reports, REPORT_QUOTA, now);
  member.quotas = { ...member.quotas, reports: consumption.next };
  return refusal('too-many-reports', consumption, `${member.record.registration.id} is reported too often`);
}

/** Consumes a token for a rotation of the control secret; null when it is allowed. */
export function chargeRotation(member: Member, now: number): Failure<'too-many-rotations'> | null {
  const consumption = consumeTokens(member.quotas.rotations, ROTATION_QUOTA, now);
  member.quotas = { ...member.quotas, rotations: consumption.next };
  const id = member.record.registration.id;
  return refusal('too-many-rotations', consumption, `the control secret of ${id} is rotated too often`);
}

/** The same for the secret of a type's controller, from `bucket`. */
export function chargeTypeRotation(
  bucket: TokenBucket,
  type: string,
  now: number,
): { next: TokenBucket; refusal: Failure<'too-many-rotations'> | null } {
  const consumption = consumeTokens(bucket, ROTATION_QUOTA, now);
  const message = `the secret of the controller of ${type} is rotated too often`;
  return { next: consumption.next, refusal: refusal('too-many-rotations', consumption, message) };
}

const refusal = <R extends string>(reason: R, consumption: Consumption, message: string): Failure<R> | null =>
  consumption.granted ? null : { ...fail(reason, message), retryAfterMs: consumption.retryAfterMs };
