/**
 * Declaration of a route with its schemas and its permission. The OpenAPI document therefore matches what is served,
 * and no route is public by mistake.
 */
import { createRoute as declareRoute } from '@hono/zod-openapi';
import type { RouteConfig } from '@hono/zod-openapi';
import type { ZodObject, ZodType } from 'zod';
import type { Permission } from '../../core/access/permission.ts';
import { ProblemSchema } from '../schemas/common.ts';

export const jsonContent = <T extends ZodType>(schema: T, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});

/** `jsonContent` with the response's headers. */
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

type Declaration<P extends string> = Omit<RouteConfig, 'path'> & {
  readonly path: P;
  /** Permission that the caller's scopes must grant; also part of the OpenAPI document. */
  readonly 'x-permission': Permission;
};

export const createRoute = <P extends string, R extends Declaration<P>>(route: R) => declareRoute<P, R>(route);
