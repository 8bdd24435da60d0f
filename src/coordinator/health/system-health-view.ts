/**
 * System health in the coordinator: the roll-ups that registries pushed, and issues of the system itself. Makes no
 * calls. Health is also reported while the history or a registry is unavailable, and says so.
 */
import { typeNames } from '../../core/config/component-types.ts';
import type { ConfigDocuments } from '../../core/config/config-documents.ts';
import type { HealthIssue, SystemHealth, TypeHealth } from '../../core/health/system-health.ts';
import { emptyType, rollUp, withAffected } from '../../core/health/system-health.ts';
import {
  frozenIssue,
  historyIssue,
  silentTypeIssues,
  webhookIssues,
  withSystemIssues,
} from '../../core/health/system-issues.ts';
import type { Webhook } from '../../core/webhook/webhook.ts';
import type { Affected } from '../directory/root-cause-store.ts';
import type { SystemIssueStore } from './system-issue-store.ts';

interface SystemHealthDeps {
  readonly issueStore: SystemIssueStore;
  readonly documents: () => ConfigDocuments;
  readonly typeHealth: () => readonly TypeHealth[];
  readonly affected: () => readonly Affected[];
  readonly webhooks: () => readonly Webhook[];
  /** Time of the oldest entry that the history has not stored yet, epoch ms; null if there is none. */
  readonly pendingSince: () => number | null;
}

const HISTORY = 'history';
const FROZEN = 'frozen';
/** Name of the issue while recoveries of all types are frozen. A type name may follow the colon. */
const FROZEN_ALL = `${FROZEN}:`;

export class SystemHealthView {
  private readonly deps: SystemHealthDeps;

  constructor(deps: SystemHealthDeps) {
    this.deps = deps;
  }

  /** Records whether a write to the history has just succeeded. */
  reportHistoryWrite(works: boolean, now: number): void {
    if (works) this.deps.issueStore.end(HISTORY);
    else this.deps.issueStore.begin(HISTORY, now);
  }

  /** Updates the stored `frozen` issues from the configuration. Returns all stored issues: name to start, epoch ms. */
  trackFrozen(now: number): Map<string, number> {
    const { issueStore } = this.deps;
    const frozen = frozenBy(this.deps.documents());
    const known = issueStore.all();
    for (const name of known.keys()) if (name.startsWith(FROZEN) && !frozen.has(name)) issueStore.end(name);
    for (const name of frozen) if (!known.has(name)) issueStore.begin(name, now);
    return issueStore.all();
  }

  health(now: number): SystemHealth {
    const healthByType = new Map(this.deps.typeHealth().map((health) => [health.type, health]));
    const types = typeNames(this.deps.documents()).map((type) => healthByType.get(type) ?? emptyType(type));
    const sinceByName = this.trackFrozen(now);
    const issues: HealthIssue[] = [
      ...silentTypeIssues(types, now),
      ...historyIssue(sinceByName.get(HISTORY) ?? null, this.deps.pendingSince(), now),
      ...Array.from(sinceByName).flatMap(([name, since]) =>
        name.startsWith(FROZEN_ALL) ? [frozenIssue(name.slice(FROZEN_ALL.length) || null, since)] : [],
      ),
      ...webhookIssues(this.deps.webhooks(), now),
    ];
    return withSystemIssues(withAffected(rollUp(types), this.deps.affected()), issues);
  }
}

/** Names of the frozen issues: one for all types, or one per type that freezes itself. */
function frozenBy({ global, types }: ConfigDocuments): Set<string> {
  const frozen = new Set(global.document.recoveryFrozen === true ? [FROZEN_ALL] : []);
  if (frozen.size > 0) return frozen;
  for (const [type, { document }] of types) if (document.recoveryFrozen === true) frozen.add(FROZEN_ALL + type);
  return frozen;
}
