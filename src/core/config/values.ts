/**
 * Schemas of the free-form fields of a document: `values`, which only the components interpret, and `valuesSchema`,
 * which `values` must conform to. Size, depth and text length are bounded, so that processing them always ends.
 */
import type { Json } from '../json.ts';
import { jsonObject } from '../json-schema.ts';
import { judgeValuesSchema } from './values-schema.ts';

const MAX_VALUES = 16_384;
/** Limit in characters, because a regular expression may pass over a text several times: see `refuse-pattern.ts`. */
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
    description: 'Free-form JSON for the components, at most 16 384 characters. null removes a value of a level above.',
  });

export const ValuesSchemaSchema = jsonObject(MAX_VALUES)
  .superRefine((schema, context) => {
    for (const { path, message } of judgeValuesSchema(schema))
      context.addIssue({ code: 'custom', path: [...path], message, input: schema });
  })
  .meta({
    description: 'JSON Schema (2020-12) for `values` at this level and below; see docs/reference/configuration.md.',
  });

/** Whether every member at every depth passes. `depth` exceeds the nesting that `jsonObject` accepts. */
function everyMember(value: Json, pass: (name: string, value: Json) => boolean, depth = 40): boolean {
  if (typeof value !== 'object' || value === null || depth === 0) return true;
  const isList = Array.isArray(value);
  return Object.entries(value).every(
    ([name, inner]) => pass(isList ? '' : name, inner) && everyMember(inner, pass, depth - 1),
  );
}
