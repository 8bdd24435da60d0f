/** Values that satisfy a JSON schema written by zod, for operations without hand-written drafts. */
import * as fc from 'fast-check';
import * as z from 'zod';
import type { Value } from './strange-values.ts';
import { objectOf, someText, strangeJson, strangeText } from './strange-values.ts';

interface JsonSchema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly type?: string;
  readonly enum?: readonly Value[];
  readonly const?: Value;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

type Definitions = Readonly<Record<string, JsonSchema>>;

export function schemaArbitrary(schema: z.ZodType): fc.Arbitrary<Value> {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  return valueOf(json, json.$defs ?? {});
}

function valueOf(schema: JsonSchema, definitions: Definitions): fc.Arbitrary<Value> {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? '';
    return definitions[name] ? valueOf(definitions[name], definitions) : strangeJson(1);
  }
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return fc.oneof(...choices.map((choice) => valueOf(choice, definitions)));
  if (schema.allOf?.[0]) return valueOf(schema.allOf[0], definitions);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  switch (schema.type) {
    case 'string':
      return textOf(schema);
    case 'integer':
      return fc.integer(boundsOf(schema));
    case 'number':
      return fc.double({ ...boundsOf(schema), noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(valueOf(schema.items ?? {}, definitions), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 4, (schema.minItems ?? 0) + 4),
      });
    case 'object':
      return membersOf(schema, definitions);
    default:
      return strangeJson(1);
  }
}

const boundsOf = ({ minimum = -1_000, maximum = 1_000_000 }: JsonSchema) => ({
  min: Math.max(minimum, -(2 ** 31)),
  max: Math.min(maximum, 2 ** 31 - 1),
});

function textOf({ pattern, format, minLength = 0, maxLength = 64 }: JsonSchema): fc.Arbitrary<string> {
  if (format === 'date-time') return fc.constantFrom('2026-12-01T00:00:00Z', '2020-02-29T23:59:59.999+14:00');
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern, 'u'), { size: 'small' });
  return minLength > 0 ? someText(maxLength) : strangeText(maxLength);
}

function membersOf({ properties = {}, required = [] }: JsonSchema, definitions: Definitions): fc.Arbitrary<Value> {
  const members = Object.entries(properties).map(([name, schema]) => {
    const value = valueOf(schema, definitions).map((made) => [name, made] as const);
    return required.includes(name) ? value : fc.option(value, { nil: undefined });
  });
  return fc.tuple(...members).map((made) => objectOf(made.filter((member) => member !== undefined)));
}
