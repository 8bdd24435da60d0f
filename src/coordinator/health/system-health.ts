/**
 * The coordinator's side of the system's health: what the registries pushed, and what is wrong with the system itself.
 * Nothing here asks anybody: it answers with the history away and with registries that are silent, and says so.
 */
import { typeNames } from '../../core/config/component-types.ts';
import type { ConfigDocuments } from '../../core/config/config-documents.ts';
import type { HealthIssue, SystemHealth, TypeHealth } from '../../core/health/system-health.ts';
import { emptyType, rollUp, withAffected } from '../../core/health/system-health.ts';
import {
  frozenIssue,
  historyIssue,
  silentTypes,
  webhookIssues,
  withSystemIssues,
} from '../../core/health/system-issues.ts';
import type { Webhook } from '../../core/webhook/webhook.ts';
import type { Affected } from '../directory/root-cause-store.ts';
import type { SystemIssueStore } from './system-issue-store.ts';

interface Sources {
  readonly troubles: SystemIssueStore;
  readonly documents: () => ConfigDocuments;
  readonly pushed: () => readonly TypeHealth[];
  readonly affected: () => readonly Affected[];
  readonly webhooks: () => readonly Webhook[];
  /** Since when the oldest entry that the history has not got waits, epoch ms; null when none does. */
  readonly owedSince: () => number | null;
}

const HISTORY = 'history';
const FROZEN = 'frozen';
/** For all types. */
const FROZEN_ALL = `${FROZEN}:`;

export class SystemHealthView {
  private readonly from: Sources;

  constructor(sources: Sources) {
    this.from = sources;
  }

  /** Whether somebody could write to the history just now. */
  historyAnswered(works: boolean, now: number): void {
    if (works) this.from.troubles.end(HISTORY);
    else this.from.troubles.begin(HISTORY, now);
  }

  /** Notes where recoveries are frozen, since when. */
  followConfig(now: number): Map<string, number> {
    const { troubles } = this.from;
    const frozen = frozenBy(this.from.documents());
    const known = troubles.all();
    for (const name of known.keys()) if (name.startsWith(FROZEN) && !frozen.has(name)) troubles.end(name);
    for (const name of frozen) if (!known.has(name)) troubles.begin(name, now);
    return troubles.all();
  }

  health(now: number): SystemHealth {
    const pushed = new Map(this.from.pushed().map((health) => [health.type, health]));
    const types = typeNames(this.from.documents()).map((type) => pushed.get(type) ?? emptyType(type));
    const troubles = this.followConfig(now);
    const issues: HealthIssue[] = [
      ...silentTypes(types, now),
      ...historyIssue(troubles.get(HISTORY) ?? null, this.from.owedSince(), now),
      ...Array.from(troubles).flatMap(([name, since]) =>
        name.startsWith(FROZEN_ALL) ? [frozenIssue(name.slice(FROZEN_ALL.length) || null, since)] : [],
      ),
      ...webhookIssues(this.from.webhooks(), now),
    ];
    return withSystemIssues(withAffected(rollUp(types), this.from.affected()), issues);
  }
}

/** Names of what is frozen: all types together, or those that set it themselves. */
function frozenBy({ global, types }: ConfigDocuments): Set<string> {
  const frozen = new Set(global.document.recoveryFrozen === true ? [FROZEN_ALL] : []);
  if (frozen.size > 0) return frozen;
  for (const [type, { document }] of types) if (document.recoveryFrozen === true) frozen.add(FROZEN_ALL + type);
  return frozen;
}
