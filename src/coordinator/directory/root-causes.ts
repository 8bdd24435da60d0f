/**
 * The coordinator's side of dependencies: takes in who is down and who depends on whom, works out whose root
 * cause that changes, and owes it to their registries. Always within the caller's transaction.
 *
 * A change costs as much as there are components above it: where nobody depends on one, nothing.
 */
import type { EventDraft } from '../../core/event/coordinator-event.ts';
import type { RootCauseChange } from '../../core/event/dependency-events.ts';
import { rootCauseEvents } from '../../core/event/dependency-events.ts';
import type { ConditionReport } from '../../core/event/condition-report.ts';
import type { TypeConditions } from '../../core/health/root-cause-update.ts';
import { findRootCauses } from '../../core/health/effective-status.ts';
import type { RootCauseStore } from './root-cause-store.ts';
import type { DirectoryEntry, DirectoryStore } from './directory-store.ts';

export class RootCauses {
  private readonly directory: DirectoryStore;
  private readonly conditions: RootCauseStore;
  private readonly log: (draft: EventDraft) => void;

  constructor(directory: DirectoryStore, conditions: RootCauseStore, log: (draft: EventDraft) => void) {
    this.directory = directory;
    this.conditions = conditions;
    this.log = log;
  }

  heard(condition: ConditionReport, now: number): void {
    if (this.conditions.hear(condition)) this.turned([condition.id], now);
  }

  /** It is registered under new edges; `before` is what was registered under its id. */
  entered(id: string, before: DirectoryEntry | undefined, now: number): void {
    const after = this.directory.entry(id);
    if (!after || after.sequence === before?.sequence) return;
    // Most register anew as they were.
    if (!before || this.compare(this.directory.edgesOf([id])).length > 0) this.turned([id], now);
    // Its registry may hold it anew, and then knows of nothing.
    const [shadow] = this.conditions.shadowsAmong([id]).values();
    if (shadow && shadow.told >= shadow.sequence) this.owe(shadow, now);
  }

  /** Its registration may be gone. */
  left(id: string, now: number): void {
    if (this.directory.entry(id)) return;
    this.conditions.forget(id);
    this.turned([id], now);
  }

  /** Repairs both sides by what the registry really holds. */
  reconcile({ type, revision, down, shadows }: TypeConditions, now: number): void {
    const listed = new Set(down);
    const up = this.conditions.downOfType(type, revision).filter((id) => !listed.has(id));
    const told = [...down.map((id) => ({ id, down: true })), ...up.map((id) => ({ id, down: false }))];
    const changed = told.filter((each) => this.conditions.hear({ ...each, revision })).map(({ id }) => id);
    if (changed.length > 0) this.turned(changed, now);

    const held = new Map(shadows);
    const known = this.conditions.shadowsOfType(type);
    for (const shadow of known.values()) {
      const isOwed = shadow.told < shadow.sequence;
      if (!isOwed && held.get(shadow.id) !== shadow.sequence) this.owe(shadow, now);
    }
    for (const id of held.keys())
      if (!known.has(id) && this.directory.entry(id)?.type === type) this.owe({ id, rootCause: [] }, now);
  }

  /** Works out anew what follows for those that turned and all above them. */
  private turned(ids: readonly string[], now: number): void {
    const changes = this.compare(this.directory.edgesAbove(ids));
    const [subject = ''] = ids;
    if (changes.length === 0) return;
    for (const change of changes) this.owe(change, now);
    const key = `turn:${this.directory.nextSequence('turn')}`;
    for (const draft of rootCauseEvents({ key, subject, time: now }, changes)) this.log(draft);
  }

  /** Those whose root cause is another than is known. */
  private compare(dependencies: ReadonlyMap<string, readonly string[]>): RootCauseChange[] {
    const mentioned = [...new Set([...dependencies.keys(), ...[...dependencies.values()].flat()])];
    const down = this.conditions.downAmong(mentioned);
    const known = this.conditions.shadowsAmong(mentioned);
    const rootCauseOf = (id: string): readonly string[] => known.get(id)?.rootCause ?? [];
    const found = findRootCauses({ dependencies, isDown: (id) => down.has(id), rootCauseOf });
    return [...found]
      .filter(([id, rootCause]) => rootCause.join(' ') !== rootCauseOf(id).join(' '))
      .map(([id, rootCause]) => ({ id, rootCause }));
  }

  private owe({ id, rootCause }: RootCauseChange, now: number): void {
    this.conditions.save({ id, rootCause, sequence: this.directory.nextSequence('turn') }, now);
  }
}
