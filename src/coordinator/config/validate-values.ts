/**
 * Validation of values against a JSON schema. The validator compiles no code and fetches nothing.
 * `core/config/values-schema.ts` bounds a schema before it is stored.
 */
import { dereference, validate } from '@cfworker/json-schema';
import type { OutputUnit, ValidationResult } from '@cfworker/json-schema';
import type { ConfigFault } from '../../core/config/config-rules.ts';
import type { JsonObject } from '../../core/json.ts';

interface Prepared {
  readonly schema: JsonObject;
  readonly lookup: ReturnType<typeof dereference>;
  readonly length: number;
}

/** One entry per cached schema object. */
const prepared = new WeakMap<JsonObject, Prepared>();
const MAX_FAULTS = 20;
/**
 * Product of schema length and values length, in characters, up to which all faults are collected. The validator
 * allocates one object per part of the schema and part of the values. Above the limit only the first fault is reported.
 */
const MAX_FULL_VALIDATION_COST = 2_000_000;
/** Keywords whose error only says that something inside failed. The inner error has an entry of its own. */
const WRAPPERS: readonly string[] = [
  '$ref',
  'properties',
  'patternProperties',
  'items',
  'prefixItems',
  'allOf',
  'false',
].concat(['dependentSchemas', 'if', 'then', 'else']);

export function validateValues(schema: JsonObject, values: JsonObject): ConfigFault[] {
  const { valid, errors } = judge(schema, values);
  if (valid) return [];
  const specific = errors.filter(({ keyword }) => !WRAPPERS.includes(keyword));
  return (specific.length > 0 ? specific : errors).slice(0, MAX_FAULTS).map(toFault);
}

function judge(source: JsonObject, values: JsonObject): ValidationResult {
  try {
    const { schema, lookup, length } = prepare(source);
    const fast = validate(values, schema, DRAFT, lookup, true);
    const collectsAll = !fast.valid && length * JSON.stringify(values).length <= MAX_FULL_VALIDATION_COST;
    return collectsAll ? validate(values, schema, DRAFT, lookup, false) : fast;
  } catch (error) {
    // The validator throws on a name with a lone surrogate, which it cannot encode in a location.
    return { valid: false, errors: [{ ...ROOT_LOCATION, error: `cannot be validated: ${String(error)}` }] };
  }
}

const DRAFT = '2020-12';

function prepare(source: JsonObject): Prepared {
  const known = prepared.get(source);
  if (known) return known;
  // The validator adds properties to the schema, so it gets a copy.
  const schema = structuredClone(source);
  const entry = { schema, lookup: dereference(schema), length: JSON.stringify(source).length };
  prepared.set(source, entry);
  return entry;
}

const ROOT_LOCATION = { keyword: '', keywordLocation: '#', instanceLocation: '#' };

const toFault = ({ instanceLocation, error }: OutputUnit): ConfigFault => {
  const names = decodeURIComponent(instanceLocation)
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  return { path: ['values', ...names].join('.').slice(0, 512), message: error.slice(0, 512) };
};
