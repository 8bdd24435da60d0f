/**
 * Validation of the JSON Schemas that callers set for `values`. A schema runs on every document below it, so its cost
 * is bounded before it is stored. A schema may use known keywords, local references without cycles, and a limited
 * number of parts once references are followed. Each regular expression has a bounded cost, which counts as parts.
 */
import type { Json, JsonObject } from '../json.ts';
import { passesOf, refusePattern } from './refuse-pattern.ts';

export interface SchemaFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * Limit of parts in a schema. A part counts once per reference to it, an enum once per choice, and a regular expression
 * once per pass over a text.
 */
const MAX_PARTS = 500;
const MAX_FAULTS = 20;

const SCHEMA_KEYWORDS: readonly string[] = [
  'items',
  'contains',
  'additionalProperties',
  'unevaluatedProperties',
  'unevaluatedItems',
].concat(['propertyNames', 'not', 'if', 'then', 'else']);
const SCHEMA_LIST_KEYWORDS: readonly string[] = ['prefixItems', 'allOf', 'anyOf', 'oneOf'];
const SCHEMA_MAP_KEYWORDS: readonly string[] = ['$defs', 'properties', 'patternProperties', 'dependentSchemas'];
const COUNT_KEYWORDS: readonly string[] = [
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
].concat(['minContains', 'maxContains']);
const NUMBER_KEYWORDS: readonly string[] = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'];
const ANNOTATION_KEYWORDS: readonly string[] = [
  '$schema',
  '$comment',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
];
const TYPES: readonly string[] = ['null', 'boolean', 'object', 'array', 'number', 'integer', 'string'];
/** Formats whose checks are known to take time roughly linear in the length of the text. */
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
const isString = (value: Json): value is string => typeof value === 'string';
const isStringList = (value: Json): boolean => Array.isArray(value) && value.every(isString);

export function judgeValuesSchema(schema: JsonObject): SchemaFault[] {
  const walker = new SchemaWalker(schema);
  walker.judge(schema, []);
  if (walker.faults.length > 0) return walker.faults;
  const parts = walker.countParts(schema, new Set());
  if (parts === null) return [{ path: [], message: 'a reference leads back to itself' }];
  return parts > MAX_PARTS ? [{ path: [], message: `at most ${MAX_PARTS} parts, references followed` }] : [];
}

class SchemaWalker {
  readonly faults: SchemaFault[] = [];
  private readonly root: JsonObject;
  private readonly counted = new Map<Json, number>();
  /** Valid targets of references: every subschema, but nothing inside an annotation or an enum choice. */
  private readonly schemas = new Set<Json>();

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

  /** Number of parts with all references followed; null if a reference leads back to the schema itself. */
  countParts(schema: Json, ancestors: ReadonlySet<Json>): number | null {
    if (!isObject(schema)) return 1;
    if (ancestors.has(schema)) return null;
    const known = this.counted.get(schema);
    if (known !== undefined) return known;
    const chain = new Set([...ancestors, schema]);
    const target = typeof schema['$ref'] === 'string' ? this.find(schema['$ref']) : undefined;
    const inner = subschemas(schema).map(([, sub]) => sub);
    let parts = 1 + validationPasses(schema);
    for (const part of target === undefined ? inner : [...inner, target]) {
      const counted = this.countParts(part, chain);
      if (counted === null) return null;
      parts = Math.min(MAX_PARTS + 1, parts + counted);
    }
    this.counted.set(schema, parts);
    return parts;
  }

  private visit(schema: Json): void {
    if (!isObject(schema)) return;
    this.schemas.add(schema);
    for (const [, inner] of subschemas(schema)) this.visit(inner);
  }

  private refuse(path: readonly (string | number)[], message: string): void {
    this.faults.push({ path, message });
  }

  private judgeKeyword(keyword: string, value: Json): string | null {
    if (ANNOTATION_KEYWORDS.includes(keyword) || SCHEMA_KEYWORDS.includes(keyword) || keyword === 'const') return null;
    if (SCHEMA_LIST_KEYWORDS.includes(keyword))
      return Array.isArray(value) && value.length > 0 ? null : 'a list of schemas';
    if (SCHEMA_MAP_KEYWORDS.includes(keyword))
      return isObject(value) ? refuseNames(keyword, value) : 'an object of schemas';
    if (COUNT_KEYWORDS.includes(keyword))
      return Number.isInteger(value) && Number(value) >= 0 ? null : 'a whole number from 0';
    if (NUMBER_KEYWORDS.includes(keyword)) return typeof value === 'number' ? null : 'a number';
    switch (keyword) {
      case '$ref':
        return isString(value) && this.find(value) !== undefined
          ? null
          : 'a place within this schema, as in #/$defs/name';
      case 'type':
        return [value].flat().every((type) => isString(type) && TYPES.includes(type)) ? null : `of ${TYPES.join(', ')}`;
      case 'enum':
        return Array.isArray(value) ? null : 'a list';
      case 'required':
        return isStringList(value) ? null : 'a list of names';
      case 'dependentRequired':
        return isObject(value) && Object.values(value).every(isStringList) ? null : 'lists of names';
      case 'uniqueItems':
        return value === false ? null : 'not accepted: it would compare every item with every other';
      case 'multipleOf':
        return typeof value === 'number' && value > 0 ? null : 'a number above 0';
      case 'pattern':
        return isString(value) ? refusePattern(value) : 'a regular expression';
      case 'format':
        return isString(value) && FORMATS.includes(value) ? null : `one of ${FORMATS.join(', ')}`;
      default:
        return 'a keyword that is not supported';
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
    return found !== undefined && (this.schemas.has(found) || typeof found === 'boolean') ? found : undefined;
  }
}

const unescaped = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~');

function refuseNames(keyword: string, map: JsonObject): string | null {
  if (Object.hasOwn(map, '__proto__')) return '__proto__ is not accepted as a name';
  if (keyword !== 'patternProperties') return null;
  const refused = Object.keys(map)
    .map(refusePattern)
    .find((message) => message !== null);
  return refused ?? null;
}

function validationPasses({ pattern, patternProperties, enum: choices }: JsonObject): number {
  const names = isObject(patternProperties) ? Object.keys(patternProperties) : [];
  const patterns = typeof pattern === 'string' ? [pattern, ...names] : names;
  const compared = Array.isArray(choices) ? choices.length : 0;
  return patterns.reduce((sum, one) => sum + passesOf(one), compared);
}

/** The direct subschemas of a schema, each with its path. */
function subschemas(schema: JsonObject): [path: (string | number)[], schema: Json][] {
  return Object.entries(schema).flatMap(([keyword, value]): [(string | number)[], Json][] => {
    if (SCHEMA_KEYWORDS.includes(keyword)) return [[[keyword], value]];
    if (SCHEMA_LIST_KEYWORDS.includes(keyword) && Array.isArray(value))
      return value.map((inner, at) => [[keyword, at], inner]);
    if (SCHEMA_MAP_KEYWORDS.includes(keyword) && isObject(value))
      return Object.entries(value).map(([name, inner]) => [[keyword, name], inner]);
    return [];
  });
}
