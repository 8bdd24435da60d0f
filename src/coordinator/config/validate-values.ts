/**
 * Whether values conform to a schema. Runs the validator, which compiles no code and fetches nothing; what a schema may
 * cost was bounded before it was stored (`core/config/values-schema.ts`).
 */
import { dereference, validate } from '@cfworker/json-schema';
import type { OutputUnit, ValidationResult } from '@cfworker/json-schema';
import type { ConfigFault } from '../../core/config/config-rules.ts';
import type { JsonObject } from '../../core/json.ts';

interface Prepared {
  readonly schema: JsonObject;
  readonly places: ReturnType<typeof dereference>;
  readonly length: number;
}

/** Made once for each schema that is held. */
const prepared = new WeakMap<JsonObject, Prepared>();
const MAX_FAULTS = 20;
/**
 * Characters of a schema times those of the values up to which all faults are gathered: the validator makes an object
 * of each, for every part of the schema and every part of the values. Beyond that only the first is told.
 */
const MAX_GATHERED = 2_000_000;
/** They only say that something within them failed, which has an entry of its own. */
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
  const own = errors.filter(({ keyword }) => !WRAPPERS.includes(keyword));
  return (own.length > 0 ? own : errors).slice(0, MAX_FAULTS).map(toFault);
}

function judge(given: JsonObject, values: JsonObject): ValidationResult {
  try {
    const { schema, places, length } = prepare(given);
    const first = validate(values, schema, DRAFT, places, true);
    const gathers = !first.valid && length * JSON.stringify(values).length <= MAX_GATHERED;
    return gathers ? validate(values, schema, DRAFT, places, false) : first;
  } catch (error) {
    // A name of half a character, which it cannot write down as a place.
    return { valid: false, errors: [{ ...NOWHERE, error: `cannot be judged: ${String(error)}` }] };
  }
}

const DRAFT = '2020-12';

function prepare(given: JsonObject): Prepared {
  const before = prepared.get(given);
  if (before) return before;
  // Of a copy: the validator leaves marks on what it is given.
  const schema = structuredClone(given);
  const made = { schema, places: dereference(schema), length: JSON.stringify(given).length };
  prepared.set(given, made);
  return made;
}

const NOWHERE = { keyword: '', keywordLocation: '#', instanceLocation: '#' };

const toFault = ({ instanceLocation, error }: OutputUnit): ConfigFault => {
  const names = decodeURIComponent(instanceLocation)
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  return { path: ['values', ...names].join('.').slice(0, 512), message: error.slice(0, 512) };
};
