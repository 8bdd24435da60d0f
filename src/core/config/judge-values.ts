/** Validates the effective values against the global schema and the type's schema. Both apply where both are set. */
import type { JsonObject } from '../json.ts';
import { typeNames } from './component-types.ts';
import type { ConfigDocuments, ConfigScope } from './config-documents.ts';
import { documentOf } from './config-documents.ts';
import type { ConfigLevels } from './config-levels.ts';
import { levelsOf, valuesAt } from './config-levels.ts';
import type { ConfigFault } from './config-rules.ts';

/** Returns the places where the values do not conform to the schema. */
export type CheckValues = (schema: JsonObject, values: JsonObject) => readonly ConfigFault[];

const MAX_FAULTS = 20;

export function valueFaultsAt(levels: ConfigLevels, check: CheckValues, suffix = ''): ConfigFault[] {
  const schemas = [levels.global, levels.type].flatMap((level): JsonObject[] =>
    level?.document.valuesSchema ? [level.document.valuesSchema] : [],
  );
  if (schemas.length === 0) return [];
  const values = valuesAt(levels);
  return schemas
    .flatMap((schema) => check(schema, values))
    .slice(0, MAX_FAULTS)
    .map(({ path, message }) => ({ path, message: `${message}${suffix}` }));
}

/** Faults of the document at `scope` and, for the global document, of the types below it. */
export function judgeValues(documents: ConfigDocuments, scope: ConfigScope, check: CheckValues): ConfigFault[] {
  if (scope.kind === 'type') return valueFaultsAt(levelsOf(documents, scope.type), check);
  const own = valueFaultsAt(levelsOf(documents, null), check);
  if (own.length > 0) return own;
  // Types without values or a schema of their own have the global values, which are valid by now.
  const differing = typeNames(documents).filter((type) => {
    const { values, valuesSchema } = documentOf(documents, { kind: 'type', type }).document;
    return values !== undefined || valuesSchema !== undefined;
  });
  const faults = differing.flatMap((type) => valueFaultsAt(levelsOf(documents, type), check, ` (for ${type})`));
  return faults.slice(0, MAX_FAULTS);
}
