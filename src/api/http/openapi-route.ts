/**
 * Declares a route of the API with its schemas, so that the contract is what is served, and with the
 * permission it takes, so that none is open by oversight.
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

type Declaration<P extends string> = Omit<RouteConfig, 'path'> & {
  readonly path: P;
  /** What a caller's scopes must grant; also in the contract. */
  readonly 'x-permission': Permission;
};

export const createRoute = <P extends string, R extends Declaration<P>>(route: R) => declareRoute<P, R>(route);
