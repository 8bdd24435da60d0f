/** Declares a route of the API with its schemas, so that the contract is what is served. */
import { createRoute } from '@hono/zod-openapi';
import type { ZodType } from 'zod';
import { ProblemSchema } from './schemas/common.ts';

export const jsonContent = <T extends ZodType>(schema: T, description: string) => ({
  description,
  content: { 'application/json': { schema } },
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
