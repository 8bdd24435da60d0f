/**
 * The free part of a document: `values` for the components themselves, of which we understand nothing, and
 * `valuesSchema`, what they must conform to. Bounded in size, depth and length of texts, so that whatever is made
 * of them has an end.
 */
import type { Json } from '../json.ts';
import { jsonObject } from '../json-schema.ts';
import { judgeValuesSchema } from './values-schema.ts';

const MAX_VALUES = 16_384;
/** An expression of a schema may go over a text several times: see `pattern-cost.ts`. */
const MAX_TEXT = 4_096;

export const ValuesSchema = jsonObject(MAX_VALUES)
  .refine(
    (values) => everyMember(values, (name) => name !== '__proto__' && name.length <= 128),
    'names of at most 128 characters, and none __proto__',
  )
  .refine(
    (values) => everyMember(values, (_, value) => typeof value !== 'string' || value.length <= MAX_TEXT),
    `texts of at most ${MAX_TEXT} characters`,
  )
  .meta({
    description: 'For the components: free JSON, at most 16 384 characters. null takes away what a level above set.',
  });

export const ValuesSchemaSchema = jsonObject(MAX_VALUES)
  .superRefine((schema, context) => {
    for (const { path, message } of judgeValuesSchema(schema))
      context.addIssue({ code: 'custom', path: [...path], message, input: schema });
  })
  .meta({
    description: 'JSON Schema (2020-12) that `values` must conform to here and below; see docs/configuration.md.',
  });

/** Whether all members of all objects within pass. Called on what is not deeper than `jsonObject` lets through. */
function everyMember(value: Json, pass: (name: string, value: Json) => boolean, depth = 40): boolean {
  if (typeof value !== 'object' || value === null || depth === 0) return true;
  const isList = Array.isArray(value);
  return Object.entries(value).every(
    ([name, inner]) => pass(isList ? '' : name, inner) && everyMember(inner, pass, depth - 1),
  );
}
