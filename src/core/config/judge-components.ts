/**
 * What the document of a level above means for components that have documents of their own: each that is concerned is
 * judged as it would be. Bounded by how much there is to judge; who puts a document waits, and so does everybody else.
 */
import { isSameJson } from '../json-diff.ts';
import type { Json } from '../json.ts';
import type { ComponentConfig } from './component-config.ts';
import type { ConfigDocuments, ConfigScope, Revised } from './config-documents.ts';
import { documentOf } from './config-documents.ts';
import { configAt, levelsOf } from './config-levels.ts';
import type { ConfigConflict, ConfigFault } from './config-rules.ts';
import { RULE_SETTINGS, ruleFaults } from './config-rules.ts';
import type { CheckValues } from './judge-values.ts';
import { valueFaultsAt } from './judge-values.ts';
import type { TypeConfig } from './settings.ts';

/** Characters of their documents, taken together: ten thousand of 800 each. */
const MAX_CONCERNED = 8 * 1_048_576;
const MAX_FAULTS = 20;

/** Where the components' documents are. */
export interface ComponentDocuments {
  concernedLength(concern: Concern): number;
  concerned(concern: Concern): Iterable<{ id: string; type: string; put: Revised<ComponentConfig> }>;
}

interface Concern {
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
  const concern = { type: scope.kind === 'type' ? scope.type : null, ...whatChanged(before, document) };
  if (!concern.settings && !concern.values) return null;
  if (components.concernedLength(concern) > MAX_CONCERNED) {
    const message = `it concerns components whose documents have more than ${MAX_CONCERNED} characters together`;
    return { reason: 'too-much-concerned', faults: [{ path: '', message }] };
  }
  const faults: ConfigFault[] = [];
  for (const { id, type, put } of components.concerned(concern)) {
    const levels = levelsOf(documents, type, put);
    const where = ` (for component ${id})`;
    if (concern.settings) faults.push(...ruleFaults(configAt(levels), document, where));
    if (concern.values) faults.push(...valueFaultsAt(levels, check, where));
    if (faults.length >= MAX_FAULTS) break;
  }
  return faults.length > 0 ? { reason: 'invalid-request', faults: faults.slice(0, MAX_FAULTS) } : null;
}

function whatChanged(before: TypeConfig, after: TypeConfig): Pick<Concern, 'settings' | 'values'> {
  const differs = (name: keyof TypeConfig): boolean => !isSameJson(before[name] as Json, after[name] as Json);
  return {
    settings: RULE_SETTINGS.some((name) => differs(name as keyof TypeConfig)),
    values: differs('values') || differs('valuesSchema'),
  };
}
