/** Takes what callers ask for on demand from the component's quota, which lives as long as its object does. */
import { PROBE_QUOTA, REPORT_QUOTA, ROTATION_QUOTA } from '../../core/quota/on-demand-quota.ts';
import type { Consumption, TokenBucket } from '../../core/quota/token-bucket.ts';
import { consumeTokens } from '../../core/quota/token-bucket.ts';
import type { Failure } from '../../core/result.ts';
import { fail } from '../../core/result.ts';
import type { Member } from '../state/member.ts';

/** Null when one more check on demand is allowed. */
export function chargeProbe(member: Member, now: number): Failure<'too-many-probes'> | null {
  const taking = consumeTokens(member.quotas.probes, PROBE_QUOTA, now);
  member.quotas = { ...member.quotas, probes: taking.next };
  return refusal('too-many-probes', taking, `${member.record.registration.id} is being checked too often`);
}

/** Null when one more report is allowed. */
export function chargeReport(member: Member, now: number): Failure<'too-many-reports'> | null {
  const taking = consumeTokens(member.quotas.reports, REPORT_QUOTA, now);
  member.quotas = { ...member.quotas, reports: taking.next };
  return refusal('too-many-reports', taking, `${member.record.registration.id} is being reported too often`);
}

/** Null when one more rotation of its control secret is allowed. */
export function chargeRotation(member: Member, now: number): Failure<'too-many-rotations'> | null {
  const taking = consumeTokens(member.quotas.rotations, ROTATION_QUOTA, now);
  member.quotas = { ...member.quotas, rotations: taking.next };
  const id = member.record.registration.id;
  return refusal('too-many-rotations', taking, `the control secret of ${id} is being rotated too often`);
}

/** The same for the secret of a type's controller, out of `bucket`. */
export function chargeTypeRotation(
  bucket: TokenBucket,
  type: string,
  now: number,
): { next: TokenBucket; refusal: Failure<'too-many-rotations'> | null } {
  const taking = consumeTokens(bucket, ROTATION_QUOTA, now);
  const message = `the secret of the controller of ${type} is being rotated too often`;
  return { next: taking.next, refusal: refusal('too-many-rotations', taking, message) };
}

const refusal = <R extends string>(reason: R, taking: Consumption, message: string): Failure<R> | null =>
  taking.granted ? null : { ...fail(reason, message), retryAfterMs: taking.retryAfterMs };
