/**
 * A call as guards and use cases see it. Hono's context and the fast path's `PlainCall` both implement `Call`, so the
 * same functions serve both.
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
  /** Sets a response header. */
  header(name: string, value: string): void;
  body(text: string, status: ContentfulStatusCode, headers?: Record<string, string>): Response;
  json(body: object, status: 200): Response;
}

export type JsonResponse<T> = Response & TypedResponse<T, 200, 'json'>;

/** A 200 response whose type carries its body's type, as Hono's typed routes require. */
export const jsonResponse = <T extends object>(c: Call, body: T): JsonResponse<T> =>
  c.json(body, 200) as unknown as JsonResponse<T>;

/** The same for a body that is JSON text already. */
export const jsonTextResponse = <T extends object>(c: Call, text: string): JsonResponse<T> =>
  c.body(text, 200, JSON_TYPE) as unknown as JsonResponse<T>;

const JSON_TYPE = { 'content-type': 'application/json' };

/** Lets work continue after the response was sent. */
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
