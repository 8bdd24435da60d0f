/**
 * Declaration of a route with its schemas and its permission. The OpenAPI document therefore matches what is served,
 * and no route is public by mistake.
 */
import { createRoute as declareRoute } from '@hono/zod-openapi';
import type { RouteConfig, RouteHandler } from '@hono/zod-openapi';
import type { ZodObject, ZodType } from 'zod';
import type { Permission } from '../../core/access/permission.ts';
import { ProblemSchema } from '../schemas/common.ts';
import type { App, AppEnv } from './app-env.ts';

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

/** Body that may be missing: a missing or empty body is read as the empty object. */
export const optionalBody = <T extends ZodType>(schema: T) => ({ ...jsonBody(schema), required: false });

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

/**
 * Mounts the route of a vital message. The contract has the schema of its body, but no validator applies it: the
 * handler reads the body itself (`vital-body.ts`), because a fault beside the message must not refuse it.
 */
export function mountVital<R extends ReturnType<typeof createRoute>>(
  app: App,
  route: R,
  handler: RouteHandler<R, AppEnv>,
): void {
  app.openAPIRegistry.registerPath(route);
  const { body: _, ...request } = route.request ?? {};
  app.openapi({ ...route, request, hide: true }, handler as never);
}
