/** Whether the values in force conform to the schemas above them: of all types, of the type, both where both are set. */
import type { JsonObject } from '../json.ts';
import { typeNames } from './component-types.ts';
import type { ConfigDocuments, ConfigScope } from './config-documents.ts';
import { documentOf } from './config-documents.ts';
import type { ConfigLevels } from './config-levels.ts';
import { levelsOf, valuesAt } from './config-levels.ts';
import type { ConfigFault } from './config-rules.ts';

/** What in the values does not conform to a schema. */
export type CheckValues = (schema: JsonObject, values: JsonObject) => readonly ConfigFault[];

const MAX_FAULTS = 20;

export function valueFaultsAt(levels: ConfigLevels, check: CheckValues, where = ''): ConfigFault[] {
  const schemas = [levels.global, levels.type].flatMap((level): JsonObject[] =>
    level?.document.valuesSchema ? [level.document.valuesSchema] : [],
  );
  if (schemas.length === 0) return [];
  const values = valuesAt(levels);
  return schemas
    .flatMap((schema) => check(schema, values))
    .slice(0, MAX_FAULTS)
    .map(({ path, message }) => ({ path, message: `${message}${where}` }));
}

/** Of the document that was put at `scope`, and of the types below it. */
export function judgeValues(documents: ConfigDocuments, scope: ConfigScope, check: CheckValues): ConfigFault[] {
  if (scope.kind === 'type') return valueFaultsAt(levelsOf(documents, scope.type), check);
  const own = valueFaultsAt(levelsOf(documents, null), check);
  if (own.length > 0) return own;
  // The others are as what was judged.
  const differing = typeNames(documents).filter((type) => {
    const { values, valuesSchema } = documentOf(documents, { kind: 'type', type }).document;
    return values !== undefined || valuesSchema !== undefined;
  });
  const faults = differing.flatMap((type) => valueFaultsAt(levelsOf(documents, type), check, ` (for ${type})`));
  return faults.slice(0, MAX_FAULTS);
}
