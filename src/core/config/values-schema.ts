/**
 * Which JSON Schemas are taken for `values`. A schema comes from a caller and is run on every document below it, so
 * what it may cost is bounded before it is stored: only keywords that we know, references only within it and never
 * back to where they stand, so many parts once references are followed, expressions whose cost is bounded and counts.
 */
import type { Json, JsonObject } from '../json.ts';
import { passesOf, refusePattern } from './pattern-cost.ts';

export interface SchemaFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Parts of a schema, each counted as often as it is referred to; choices each, expressions as often as they may go over a text. */
const MAX_PARTS = 500;
const MAX_FAULTS = 20;

const ONE: readonly string[] = [
  'items',
  'contains',
  'additionalProperties',
  'unevaluatedProperties',
  'unevaluatedItems',
].concat(['propertyNames', 'not', 'if', 'then', 'else']);
const LIST: readonly string[] = ['prefixItems', 'allOf', 'anyOf', 'oneOf'];
const MAP: readonly string[] = ['$defs', 'properties', 'patternProperties', 'dependentSchemas'];
const COUNT: readonly string[] = [
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
].concat(['minContains', 'maxContains']);
const NUMBER: readonly string[] = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'];
const NOTES: readonly string[] = ['$schema', '$comment', 'title', 'description', 'default', 'examples', 'deprecated'];
const TYPES: readonly string[] = ['null', 'boolean', 'object', 'array', 'number', 'integer', 'string'];
/** Those whose checks are known to take no longer than the text is long, more or less. */
const FORMATS: readonly string[] = [
  'date',
  'time',
  'date-time',
  'duration',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'uuid',
  'uri',
];

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: Json): value is string => typeof value === 'string';
const isTexts = (value: Json): boolean => Array.isArray(value) && value.every(isText);

export function judgeValuesSchema(schema: JsonObject): SchemaFault[] {
  const walk = new SchemaWalk(schema);
  walk.judge(schema, []);
  if (walk.faults.length > 0) return walk.faults;
  const parts = walk.partsOf(schema, new Set());
  if (parts === null) return [{ path: [], message: 'a reference leads back to where it stands' }];
  return parts > MAX_PARTS ? [{ path: [], message: `at most ${MAX_PARTS} parts, references followed` }] : [];
}

class SchemaWalk {
  readonly faults: SchemaFault[] = [];
  private readonly root: JsonObject;
  private readonly counted = new Map<Json, number>();
  /** All that is judged: what stands elsewhere, in a note or a choice, is no schema to refer to. */
  private readonly places = new Set<Json>();

  constructor(root: JsonObject) {
    this.root = root;
    this.visit(root);
  }

  judge(schema: Json, path: readonly (string | number)[]): void {
    if (typeof schema === 'boolean' || this.faults.length >= MAX_FAULTS) return;
    if (!isObject(schema)) return this.refuse(path, 'a schema: an object, true or false');
    for (const [keyword, value] of Object.entries(schema)) {
      const message = this.judgeKeyword(keyword, value);
      if (message !== null) this.refuse([...path, keyword], message);
    }
    for (const [at, inner] of subschemas(schema)) this.judge(inner, [...path, ...at]);
  }

  /** How many parts it has with all that it refers to; null when it comes back to itself. */
  partsOf(schema: Json, within: ReadonlySet<Json>): number | null {
    if (!isObject(schema)) return 1;
    if (within.has(schema)) return null;
    const known = this.counted.get(schema);
    if (known !== undefined) return known;
    const inside = new Set([...within, schema]);
    const target = typeof schema['$ref'] === 'string' ? this.find(schema['$ref']) : undefined;
    const inner = subschemas(schema).map(([, sub]) => sub);
    let parts = 1 + passes(schema);
    for (const part of target === undefined ? inner : [...inner, target]) {
      const counted = this.partsOf(part, inside);
      if (counted === null) return null;
      parts = Math.min(MAX_PARTS + 1, parts + counted);
    }
    this.counted.set(schema, parts);
    return parts;
  }

  private visit(schema: Json): void {
    if (!isObject(schema)) return;
    this.places.add(schema);
    for (const [, inner] of subschemas(schema)) this.visit(inner);
  }

  private refuse(path: readonly (string | number)[], message: string): void {
    this.faults.push({ path, message });
  }

  private judgeKeyword(keyword: string, value: Json): string | null {
    if (NOTES.includes(keyword) || ONE.includes(keyword) || keyword === 'const') return null;
    if (LIST.includes(keyword)) return Array.isArray(value) && value.length > 0 ? null : 'a list of schemas';
    if (MAP.includes(keyword)) return isObject(value) ? refuseNames(keyword, value) : 'an object of schemas';
    if (COUNT.includes(keyword)) return Number.isInteger(value) && Number(value) >= 0 ? null : 'a whole number from 0';
    if (NUMBER.includes(keyword)) return typeof value === 'number' ? null : 'a number';
    switch (keyword) {
      case '$ref':
        return isText(value) && this.find(value) !== undefined
          ? null
          : 'a place within this schema, as in #/$defs/name';
      case 'type':
        return [value].flat().every((type) => isText(type) && TYPES.includes(type)) ? null : `of ${TYPES.join(', ')}`;
      case 'enum':
        return Array.isArray(value) ? null : 'a list';
      case 'required':
        return isTexts(value) ? null : 'a list of names';
      case 'dependentRequired':
        return isObject(value) && Object.values(value).every(isTexts) ? null : 'lists of names';
      case 'uniqueItems':
        return value === false ? null : 'not taken: it would compare each with each';
      case 'multipleOf':
        return typeof value === 'number' && value > 0 ? null : 'a number above 0';
      case 'pattern':
        return isText(value) ? refusePattern(value) : 'a regular expression';
      case 'format':
        return isText(value) && FORMATS.includes(value) ? null : `one of ${FORMATS.join(', ')}`;
      default:
        return 'a keyword that is not known here';
    }
  }

  private find(reference: string): Json | undefined {
    if (reference === '#') return this.root;
    if (!/^#\/[\w$/~. -]+$/.test(reference)) return undefined;
    let found: Json | undefined = this.root;
    for (const name of reference.slice(2).split('/').map(unescaped)) {
      if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
      found = (found as JsonObject)[name];
    }
    return found !== undefined && (this.places.has(found) || typeof found === 'boolean') ? found : undefined;
  }
}

const unescaped = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~');

function refuseNames(keyword: string, map: JsonObject): string | null {
  if (Object.hasOwn(map, '__proto__')) return '__proto__ is no name';
  if (keyword !== 'patternProperties') return null;
  const refused = Object.keys(map)
    .map(refusePattern)
    .find((message) => message !== null);
  return refused ?? null;
}

function passes({ pattern, patternProperties, enum: choices }: JsonObject): number {
  const names = isObject(patternProperties) ? Object.keys(patternProperties) : [];
  const patterns = typeof pattern === 'string' ? [pattern, ...names] : names;
  const compared = Array.isArray(choices) ? choices.length : 0;
  return patterns.reduce((sum, one) => sum + passesOf(one), compared);
}

/** The schemas within one, each with where it stands. */
function subschemas(schema: JsonObject): [path: (string | number)[], schema: Json][] {
  return Object.entries(schema).flatMap(([keyword, value]): [(string | number)[], Json][] => {
    if (ONE.includes(keyword)) return [[[keyword], value]];
    if (LIST.includes(keyword) && Array.isArray(value)) return value.map((inner, at) => [[keyword, at], inner]);
    if (MAP.includes(keyword) && isObject(value))
      return Object.entries(value).map(([name, inner]) => [[keyword, name], inner]);
    return [];
  });
}
