/** Quotas for what callers request on demand. In memory: an eviction of the object refills them. */
import { BucketTable } from '../../core/quota/bucket-table.ts';
import {
  MAX_WAITING_PROBES,
  PROBE_QUOTA,
  PROBE_QUOTA_OF_ACCOUNT,
  REPORT_QUOTA,
  ROTATION_QUOTA,
} from '../../core/quota/on-demand-quota.ts';
import type { Consumption, TokenBucket } from '../../core/quota/token-bucket.ts';
import { consumeTokens } from '../../core/quota/token-bucket.ts';
import type { Failure } from '../../core/result.ts';
import { fail } from '../../core/result.ts';
import type { Member } from '../state/member.ts';

/** Accounts with a bucket of their own. */
const MAX_ACCOUNTS = 2_000;
/** A waiting check ends within seconds, so a refused one may be repeated soon. */
const PROBE_RETRY_MS = 1_000;

/**
 * Checks on demand of a type. Each waits for its result, so their number is bounded: of a component, of the account
 * that requests them, and of the type.
 */
export class OnDemandProbes {
  private readonly waiting = new Map<string, number>();
  private readonly byAccount = new BucketTable(MAX_ACCOUNTS);
  private total = 0;

  /** Admits a check, or refuses it. The caller calls `end` once an admitted check has its result. */
  refuse(member: Member, account: string | null, now: number): Failure<'too-many-probes'> | null {
    const waiting = account === null ? 0 : (this.waiting.get(account) ?? 0);
    if (waiting >= MAX_WAITING_PROBES.ofAccount)
      return retryLater(`the key already waits for ${waiting} checks of this type: wait for their results`);
    if (this.total >= MAX_WAITING_PROBES.all) return retryLater('too many checks of this type are waiting');
    const own = consumeTokens(member.quotas.probes, PROBE_QUOTA, now);
    const ofComponent = refusal('too-many-probes', own, `${member.record.registration.id} is checked too often`);
    if (ofComponent) return ofComponent;
    if (account !== null) {
      const ofAccount = this.byAccount.consume(account, PROBE_QUOTA_OF_ACCOUNT, now);
      const tooMany = refusal('too-many-probes', ofAccount, 'the key checks components of this type too often');
      if (tooMany) return tooMany;
      this.waiting.set(account, waiting + 1);
    }
    member.quotas = { ...member.quotas, probes: own.next };
    this.total++;
    return null;
  }

  end(account: string | null): void {
    this.total--;
    if (account === null) return;
    const waiting = this.waiting.get(account) ?? 0;
    if (waiting > 1) this.waiting.set(account, waiting - 1);
    else this.waiting.delete(account);
  }
}

const retryLater = (message: string): Failure<'too-many-probes'> => ({
  ...fail('too-many-probes', message),
  retryAfterMs: PROBE_RETRY_MS,
});

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
