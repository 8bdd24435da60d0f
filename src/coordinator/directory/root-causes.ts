/**
 * Root causes in the coordinator: combines component conditions with the dependency graph, and enqueues changed root
 * causes for the registries. An update costs O(transitive dependants), and nothing if there are none.
 * Invariant: every call runs within the caller's transaction.
 */
import type { EventDraft } from '../../core/event/coordinator-event.ts';
import type { RootCauseChange } from '../../core/event/dependency-events.ts';
import { rootCauseEvents } from '../../core/event/dependency-events.ts';
import type { ConditionReport } from '../../core/event/condition-report.ts';
import type { TypeConditions } from '../../core/health/root-cause-update.ts';
import { findRootCauses } from '../../core/health/effective-status.ts';
import type { RootCauseStore } from './root-cause-store.ts';
import type { DirectoryEntry, DirectoryStore } from './directory-store.ts';

export class RootCauseGraph {
  private readonly directory: DirectoryStore;
  private readonly store: RootCauseStore;
  private readonly append: (draft: EventDraft) => void;

  constructor(directory: DirectoryStore, store: RootCauseStore, append: (draft: EventDraft) => void) {
    this.directory = directory;
    this.store = store;
    this.append = append;
  }

  onConditionReport(condition: ConditionReport, now: number): void {
    if (this.store.applyReport(condition)) this.reevaluate([condition.id], now);
  }

  /** Updates root causes after a registration. `before` is the previous directory entry of the id, if there was one. */
  onRegistered(id: string, before: DirectoryEntry | undefined, now: number): void {
    const after = this.directory.entry(id);
    if (!after || after.sequence === before?.sequence) return;
    // Most components register again with the same dependencies.
    if (!before || this.changesAmong(this.directory.edgesOf([id])).length > 0) this.reevaluate([id], now);
    // The registry may hold a new record, which has no root cause yet.
    const [record] = this.store.recordsAmong([id]).values();
    if (record && record.reportedSequence >= record.sequence) this.enqueue(record, now);
  }

  /** Updates root causes after a removal, unless a newer registration exists. */
  onRemoved(id: string, now: number): void {
    if (this.directory.entry(id)) return;
    this.store.forget(id);
    this.reevaluate([id], now);
  }

  /** Repairs both sides from what the registry holds: conditions here, and root causes there. */
  reconcile({ type, revision, down, rootCauses: sequences }: TypeConditions, now: number): void {
    const listed = new Set(down);
    const up = this.store.downOfType(type, revision).filter((id) => !listed.has(id));
    const reports = [...down.map((id) => ({ id, down: true })), ...up.map((id) => ({ id, down: false }))];
    const changed = reports.filter((each) => this.store.applyReport({ ...each, revision })).map(({ id }) => id);
    if (changed.length > 0) this.reevaluate(changed, now);

    const reportedSequences = new Map(sequences);
    const known = this.store.recordsOfType(type);
    for (const record of known.values()) {
      const isPending = record.reportedSequence < record.sequence;
      if (!isPending && reportedSequences.get(record.id) !== record.sequence) this.enqueue(record, now);
    }
    for (const id of reportedSequences.keys())
      if (!known.has(id) && this.directory.entry(id)?.type === type) this.enqueue({ id, rootCause: [] }, now);
  }

  /** Recomputes the root causes of `ids` and of all their transitive dependants. */
  private reevaluate(ids: readonly string[], now: number): void {
    const changes = this.changesAmong(this.directory.edgesAbove(ids));
    const [subject = ''] = ids;
    if (changes.length === 0) return;
    for (const change of changes) this.enqueue(change, now);
    const key = `turn:${this.directory.nextSequence('turn')}`;
    for (const draft of rootCauseEvents({ key, subject, time: now }, changes)) this.append(draft);
  }

  /** Components whose computed root cause differs from the stored one. */
  private changesAmong(dependencies: ReadonlyMap<string, readonly string[]>): RootCauseChange[] {
    const mentioned = [...new Set([...dependencies.keys(), ...[...dependencies.values()].flat()])];
    const down = this.store.downAmong(mentioned);
    const known = this.store.recordsAmong(mentioned);
    const rootCauseOf = (id: string): readonly string[] => known.get(id)?.rootCause ?? [];
    const found = findRootCauses({ dependencies, isDown: (id) => down.has(id), rootCauseOf });
    return [...found]
      .filter(([id, rootCause]) => rootCause.join(' ') !== rootCauseOf(id).join(' '))
      .map(([id, rootCause]) => ({ id, rootCause }));
  }

  private enqueue({ id, rootCause }: RootCauseChange, now: number): void {
    this.store.save({ id, rootCause, sequence: this.directory.nextSequence('turn') }, now);
  }
}
