/**
 * A call as guards and answers see it, so that they serve Hono's routes and the fast lane alike: Hono's context
 * is one, `PlainCall` is the other.
 */
import type { TypedResponse } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { AppEnv } from './app-env.ts';

type Variables = AppEnv['Variables'];

export interface Call {
  readonly env: Env;
  readonly req: CallRequest;
  readonly executionCtx: { waitUntil(work: Promise<unknown>): void };
  get<Name extends keyof Variables>(name: Name): Variables[Name];
  set<Name extends keyof Variables>(name: Name, value: Variables[Name]): void;
  /** Sets a header of the answer. */
  header(name: string, value: string): void;
  body(text: string, status: ContentfulStatusCode): Response;
  json(body: object, status: 200): Response;
}

export type JsonResponse<T> = Response & TypedResponse<T, 200, 'json'>;

/** An answer whose type says what is in it, as routes want it. */
export const jsonResponse = <T extends object>(c: Call, body: T): JsonResponse<T> =>
  c.json(body, 200) as unknown as JsonResponse<T>;

/** Lets work go on behind the answer. */
export const waitUntilOf =
  (c: Call) =>
  (work: Promise<unknown>): void =>
    c.executionCtx.waitUntil(work);

interface CallRequest {
  readonly raw: Request;
  readonly method: string;
  readonly url: string;
  readonly path: string;
  header(name: string): string | undefined;
}
