/** Declares a route of the API with its schemas, so that the contract is what is served. */
import { createRoute } from '@hono/zod-openapi';
import type { ZodObject, ZodType } from 'zod';
import { ProblemSchema } from './schemas/common.ts';

export const jsonContent = <T extends ZodType>(schema: T, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});

/** The same with the headers that the answer carries. */
export const jsonContentWith = <T extends ZodType, H extends ZodObject>(
  schema: T,
  headers: H,
  description: string,
) => ({
  ...jsonContent(schema, description),
  headers,
});

export const jsonBody = <T extends ZodType>(schema: T) => ({
  required: true,
  content: { 'application/json': { schema } },
});

/** Every error of every route is a problem document. */
export const problemDefault = {
  default: { description: 'A problem', content: { 'application/problem+json': { schema: ProblemSchema } } },
} as const;

export { createRoute };
