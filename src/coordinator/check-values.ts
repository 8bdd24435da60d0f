/**
 * Whether values conform to a schema. Runs the validator, which compiles no code and fetches nothing; what a schema may
 * cost was bounded before it was stored (`core/config/values-schema.ts`).
 */
import { Validator } from '@cfworker/json-schema';
import type { OutputUnit, ValidationResult } from '@cfworker/json-schema';
import type { ConfigFault } from '../core/config/config-rules.ts';
import type { JsonObject } from '../core/json.ts';

/** Made once for each schema that is held. */
const validators = new WeakMap<JsonObject, Validator>();
const MAX_FAULTS = 20;
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

export function checkValues(schema: JsonObject, values: JsonObject): ConfigFault[] {
  const { valid, errors } = validate(schema, values);
  if (valid) return [];
  const own = errors.filter(({ keyword }) => !WRAPPERS.includes(keyword));
  return (own.length > 0 ? own : errors).slice(0, MAX_FAULTS).map(toFault);
}

function validate(schema: JsonObject, values: JsonObject): ValidationResult {
  try {
    // Of a copy: the validator leaves marks on what it is given.
    const validator = validators.get(schema) ?? new Validator(structuredClone(schema), '2020-12', false);
    validators.set(schema, validator);
    return validator.validate(values);
  } catch (error) {
    // A name of half a character, which it cannot write down as a place.
    return { valid: false, errors: [{ ...NOWHERE, error: `cannot be judged: ${String(error)}` }] };
  }
}

const NOWHERE = { keyword: '', keywordLocation: '#', instanceLocation: '#' };

const toFault = ({ instanceLocation, error }: OutputUnit): ConfigFault => {
  const names = decodeURIComponent(instanceLocation)
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  return { path: ['values', ...names].join('.').slice(0, 512), message: error.slice(0, 512) };
};
