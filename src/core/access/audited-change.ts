/**
 * What the audit keeps of a registration or a configuration that somebody changed. Its rows cannot be deleted for
 * a year and every component may change its own, so of an update it keeps only what differs, and of a large value
 * the beginning.
 */
import type { Json, JsonObject } from '../json.ts';
import type { AuditAction, AuditNote } from './audit-entry.ts';

/** Characters of JSON up to which a value is kept as it is. */
const MAX_VALUE = 1_024;
/** Of the JSON of one that is larger. */
const KEPT = 128;

/** Both sides of a change as they are written down; a side that is null stays null. */
export function auditedChange(
  action: AuditAction,
  before: JsonObject | null,
  after: JsonObject | null,
): Pick<AuditNote, 'before' | 'after'> {
  if ((action === 'component.update' || action === 'config.change') && before && after)
    return { before: clipFields(fieldsApart(before, after)), after: clipFields(fieldsApart(after, before)) };
  return { before: before && clipFields(before), after: after && clipFields(after) };
}

/** The fields of one side that the other does not hold as well; of `metadata` its keys. */
function fieldsApart(side: JsonObject, other: JsonObject): JsonObject {
  const apart = entriesApart(side, other);
  if (!isObject(apart['metadata'])) return apart;
  const others = other['metadata'];
  return { ...apart, metadata: entriesApart(apart['metadata'], isObject(others) ? others : {}) };
}

function entriesApart(side: JsonObject, other: JsonObject): JsonObject {
  const isSame = (name: string, value: Json): boolean =>
    Object.hasOwn(other, name) && JSON.stringify(other[name]) === JSON.stringify(value);
  return Object.fromEntries(Object.entries(side).filter(([name, value]) => !isSame(name, value)));
}

const clipFields = (side: JsonObject): JsonObject =>
  mapValues(side, (value, name) => (name === 'metadata' && isObject(value) ? mapValues(value, clip) : clip(value)));

/** The value, or the beginning of its JSON and how many characters are left out. */
function clip(value: Json): Json {
  const json = JSON.stringify(value);
  // Fields that are not given may be there as undefined: those have no JSON.
  if (json === undefined || json.length <= MAX_VALUE) return value;
  // Not within a character of two halves.
  const head = json.slice(0, KEPT).replace(/[\uD800-\uDBFF]$/, '');
  return `${head}… ${json.length - head.length} characters left out`;
}

const mapValues = (object: JsonObject, map: (value: Json, name: string) => Json): JsonObject =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value, name)]));

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
