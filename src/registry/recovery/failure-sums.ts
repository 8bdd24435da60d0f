/**
 * Bounds the rows that callers' reports add to the history. A report within the budget of its component and of its
 * key is a row of its own. Reports beyond it are merged into one open sum per component, failure type and key.
 *
 * Invariant: a sum is stored with the report that it counts, so no eviction loses an occurrence.
 * Invariant: a sum is written after its minute, with the next token of both budgets. Until then it goes on counting.
 */
import { classifyFailure } from '../../core/failure/classify.ts';
import type { FailureReport } from '../../core/failure/failure.ts';
import { BucketTable } from '../../core/quota/bucket-table.ts';
import { REPORT_ROW_QUOTA, REPORT_ROW_QUOTA_OF_KEY } from '../../core/quota/on-demand-quota.ts';
import { consumeTokens } from '../../core/quota/token-bucket.ts';
import type { Failure } from '../../core/result.ts';
import { fail } from '../../core/result.ts';
import type { Member } from '../state/member.ts';
import type { RegistryState } from '../state/registry-state.ts';
import type { StoredSum, SumChange } from '../storage/failure-sum-store.ts';

const MINUTE_MS = 60_000;
/** Keys with a bucket of their own. */
const MAX_KEYS = 2_000;
/** Open sums of a type: bounds its memory. */
const MAX_OPEN = 20_000;

export class FailureSums {
  private readonly state: RegistryState;
  private readonly byKey = new BucketTable(MAX_KEYS);
  /** By `sumKey`, the oldest first. */
  private readonly open = new Map<string, StoredSum>();
  /** Epoch ms at which the next sum may be written; Infinity without sums. */
  dueAt = Infinity;

  constructor(state: RegistryState) {
    this.state = state;
    for (const sum of state.store.failureSums.load()) this.open.set(sum.sumKey, sum);
    this.updateDueAt();
  }

  /** Refuses a report that the type has no memory for; null when there is some. */
  refuse(now: number): Failure<'too-many-reports'> | null {
    if (this.open.size < MAX_OPEN) return null;
    const message = 'too many failures of the type wait for the history';
    return { ...fail('too-many-reports', message), retryAfterMs: Math.max(1_000, this.dueAt - now) };
  }

  /** Returns the sum that counts a report, or null if the report gets a row of its own. */
  add(member: Member, report: FailureReport, by: string | null): SumChange | null {
    const failureType = classifyFailure({ code: report.code ?? undefined, message: report.message });
    const sumKey = [report.componentId, failureType, by ?? ''].join(' ');
    const known = this.open.get(sumKey);
    if (!known && this.consume(member, by, report.occurredAt)) return null;
    const closesAt = MINUTE_MS * (Math.floor(report.occurredAt / MINUTE_MS) + 1);
    const sum = known
      ? { ...known, occurrences: known.occurrences + 1 }
      : { id: report.id, sumKey, closesAt, occurrences: 1 };
    this.open.set(sumKey, sum);
    this.dueAt = Math.min(this.dueAt, sum.closesAt);
    // A sum keeps no context, so that its size is bounded by the message.
    return { ...sum, report: { ...report, context: null } };
  }

  /** Hands the sums that are due and have tokens to the outbox. Returns true if there were any. */
  close(now: number): boolean {
    const isEarly = now < this.dueAt && this.dueAt - now <= MINUTE_MS;
    // A longer wait means that the clock was set back.
    if (this.open.size === 0 || isEarly) return false;
    const closed = Array.from(this.open.values()).filter((sum) => isDue(sum, now) && this.mayWrite(sum, now));
    const reports = closed.flatMap(({ id }) => this.state.store.failureSums.read(id) ?? []);
    const outbox = reports.map((payload) => ({
      kind: 'failure' as const,
      key: payload.id,
      componentId: payload.componentId,
      payload,
    }));
    const closedSums = reports.map(({ id }) => id);
    if (closedSums.length > 0) this.state.commit({ outbox, closedSums, visible: false }, now);
    for (const { sumKey } of closed) this.open.delete(sumKey);
    this.updateDueAt();
    // Sums without a token wait for the next one.
    if (this.dueAt <= now) this.dueAt = now + RETRY_MS;
    return closed.length > 0;
  }

  private mayWrite({ sumKey }: StoredSum, now: number): boolean {
    const [componentId = '', , by = ''] = sumKey.split(' ');
    return this.consume(this.state.members.get(componentId), by || null, now);
  }

  /** Consumes a token of the component and one of the key, or neither. */
  private consume(member: Member | undefined, by: string | null, now: number): boolean {
    const own = member && consumeTokens(member.quotas.reportRows, REPORT_ROW_QUOTA, now);
    if (own && !own.granted) return false;
    if (by !== null && !this.byKey.consume(by, REPORT_ROW_QUOTA_OF_KEY, now).granted) return false;
    if (member && own) member.quotas = { ...member.quotas, reportRows: own.next };
    return true;
  }

  private updateDueAt(): void {
    this.dueAt = Infinity;
    for (const { closesAt } of this.open.values()) this.dueAt = Math.min(this.dueAt, closesAt);
  }
}

/** Tokens come every few seconds, and a pass visits every open sum. */
const RETRY_MS = 6_000;

const isDue = ({ closesAt }: StoredSum, now: number): boolean => closesAt <= now || closesAt - now > MINUTE_MS;
