/**
 * Validates a new global or type document against the components that have documents of their own. Each affected
 * component is validated with the configuration that it would have. The total size is bounded, because the
 * coordinator serves no other call meanwhile.
 */
import { isSameJson } from '../is-same-json.ts';
import type { ComponentConfig } from './component-config.ts';
import type { ConfigDocuments, ConfigScope, Revised } from './config-documents.ts';
import { documentOf } from './config-documents.ts';
import { configAt, levelsOf } from './config-levels.ts';
import type { ConfigConflict, ConfigFault } from './config-rules.ts';
import { RULE_SETTINGS, ruleFaults } from './config-rules.ts';
import type { CheckValues } from './judge-values.ts';
import { valueFaultsAt } from './judge-values.ts';
import type { TypeConfig } from './settings.ts';

/** Total characters of the affected documents: about ten thousand of 800 each. */
const MAX_AFFECTED_LENGTH = 8 * 1_048_576;
const MAX_FAULTS = 20;

/** Access to the stored documents of components. */
export interface ComponentDocuments {
  affectedLength(impact: ChangeImpact): number;
  affected(impact: ChangeImpact): Iterable<{ id: string; type: string; stored: Revised<ComponentConfig> }>;
}

interface ChangeImpact {
  readonly type: string | null;
  readonly settings: boolean;
  readonly values: boolean;
}

export function judgeComponents(
  documents: ConfigDocuments,
  scope: ConfigScope,
  before: TypeConfig,
  { components, check }: { components: ComponentDocuments; check: CheckValues },
): ConfigConflict | null {
  const { document } = documentOf(documents, scope);
  const impact = { type: scope.kind === 'type' ? scope.type : null, ...impactOf(before, document) };
  if (!impact.settings && !impact.values) return null;
  if (components.affectedLength(impact) > MAX_AFFECTED_LENGTH) {
    const message =
      'the documents of the components that this change affects have more than ' +
      `${MAX_AFFECTED_LENGTH} characters in total`;
    return { reason: 'too-many-affected', faults: [{ path: '', message }] };
  }
  const faults: ConfigFault[] = [];
  for (const { id, type, stored } of components.affected(impact)) {
    const levels = levelsOf(documents, type, stored);
    const suffix = ` (for component ${id})`;
    if (impact.settings) faults.push(...ruleFaults(configAt(levels), document, suffix));
    if (impact.values) faults.push(...valueFaultsAt(levels, check, suffix));
    if (faults.length >= MAX_FAULTS) break;
  }
  return faults.length > 0 ? { reason: 'invalid-request', faults: faults.slice(0, MAX_FAULTS) } : null;
}

function impactOf(before: TypeConfig, after: TypeConfig): Pick<ChangeImpact, 'settings' | 'values'> {
  const differs = (name: keyof TypeConfig): boolean => !isSameJson(before[name], after[name]);
  return {
    settings: RULE_SETTINGS.some((name) => differs(name as keyof TypeConfig)),
    values: differs('values') || differs('valuesSchema'),
  };
}
