/**
 * Audit extract of a changed registration or configuration. Audit rows cannot be deleted for a year, and every
 * component may change its own registration. An update therefore keeps only the differing fields, and a large value
 * only its beginning.
 */
import { isSameJson } from '../is-same-json.ts';
import type { Json, JsonObject } from '../json.ts';
import type { AuditAction, AuditNote } from './audit-entry.ts';

/** Longest JSON that is kept whole, in characters. */
const MAX_VALUE = 1_024;
/** Characters that are kept of a longer JSON. */
const KEPT = 128;

/** Returns both sides of a change as the audit stores them. A null side stays null. */
export function auditedChange(
  action: AuditAction,
  before: JsonObject | null,
  after: JsonObject | null,
): Pick<AuditNote, 'before' | 'after'> {
  if ((action === 'component.update' || action === 'config.change') && before && after)
    return { before: clipFields(differingFields(before, after)), after: clipFields(differingFields(after, before)) };
  return { before: before && clipFields(before), after: after && clipFields(after) };
}

/** Fields of one side that the other side lacks or has with another value; for `metadata` the differing keys. */
function differingFields(side: JsonObject, other: JsonObject): JsonObject {
  const differing = differingEntries(side, other);
  if (!isObject(differing['metadata'])) return differing;
  const others = other['metadata'];
  return { ...differing, metadata: differingEntries(differing['metadata'], isObject(others) ? others : {}) };
}

function differingEntries(side: JsonObject, other: JsonObject): JsonObject {
  const isSame = (name: string, value: Json): boolean => Object.hasOwn(other, name) && isSameJson(other[name], value);
  return Object.fromEntries(Object.entries(side).filter(([name, value]) => !isSame(name, value)));
}

const clipFields = (side: JsonObject): JsonObject =>
  mapValues(side, (value, name) => (name === 'metadata' && isObject(value) ? mapValues(value, clip) : clip(value)));

/** Returns the value, or the beginning of its JSON with the number of omitted characters. */
function clip(value: Json): Json {
  const json = JSON.stringify(value);
  // Omitted fields may be present as undefined, which has no JSON.
  if (json === undefined || json.length <= MAX_VALUE) return value;
  // Do not cut a surrogate pair in half.
  const head = json.slice(0, KEPT).replace(/[\uD800-\uDBFF]$/, '');
  return `${head}… ${json.length - head.length} characters left out`;
}

const mapValues = (object: JsonObject, map: (value: Json, name: string) => Json): JsonObject =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value, name)]));

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
