/** Routes of the dashboard session: opened with a key, kept in an HttpOnly cookie. */
import type { Context } from 'hono';
import { formatScope } from '../../core/access/scope.ts';
import { toIso } from '../../core/component/resource.ts';
import { logError } from '../../logging/log-error.ts';
import type { App, AppEnv } from '../http/app-env.ts';
import { actorOf } from '../auth/actor-of.ts';
import { createRoute, jsonContent, problemDefault } from '../http/openapi-route.ts';
import { problemResponse } from '../http/problem.ts';
import { recordAudit } from '../auth/record-audit.ts';
import type { SessionResource } from '../schemas/session.ts';
import { SessionSchema, SignInLinkSchema } from '../schemas/session.ts';
import type { Session } from '../http/session-data.ts';
import { clearCookie, endSession, openSession } from '../auth/session.ts';
import { createSignInLink } from '../auth/sign-in-link.ts';

const tags = ['session'];

const open = createRoute({
  method: 'post',
  path: '/v1/session',
  'x-permission': 'any-key',
  tags,
  summary: 'Open session',
  description: 'Uses the key, or the token of a sign-in link, in the Authorization header.',
  responses: { 201: jsonContent(SessionSchema, 'The session. The response sets its cookie'), ...problemDefault },
});

const link = createRoute({
  method: 'post',
  path: '/v1/session/link',
  'x-permission': 'any-key',
  tags,
  summary: 'Create sign-in link',
  description: 'The link opens one session with this key, within ten minutes. Needs the key itself, not a session.',
  responses: { 201: jsonContent(SignInLinkSchema, 'The link'), ...problemDefault },
});

const read = createRoute({
  method: 'get',
  path: '/v1/session',
  'x-permission': 'any-key',
  tags,
  summary: 'Read session',
  responses: { 200: jsonContent(SessionSchema, 'The session'), ...problemDefault },
});

const close = createRoute({
  method: 'delete',
  path: '/v1/session',
  'x-permission': 'any-key',
  tags,
  summary: 'End session',
  description: 'Copies of the cookie stop working everywhere within 3 s.',
  responses: { 204: { description: 'Ended' }, ...problemDefault },
});

export function mountSession(app: App): void {
  app.openapi(open, async (c) => {
    // A session must not renew itself beyond its twelve hours.
    if (c.get('session')) return problemResponse(c, 'unauthorized', { detail: 'send the key itself' });
    const { keyId } = c.get('principal');
    // Before the cookie is set: an error response would still carry the cookie.
    await recordAudit(c, { action: 'session.open', subject: keyId, before: null, after: null });
    const session = await openSession(c, keyId, c.get('keyDigest'));
    return c.json(toResource(c, session), 201);
  });

  app.openapi(link, async (c) => {
    // Otherwise a session could renew itself beyond its twelve hours.
    if (c.get('session')) return problemResponse(c, 'unauthorized', { detail: 'send the key itself' });
    const { keyId } = c.get('principal');
    const { token, expiresAt } = await createSignInLink(c.env, keyId, c.get('keyDigest'));
    const url = new URL(`/#sign-in=${token}`, c.req.url).href;
    return c.json({ token, url, expiresAt: toIso(expiresAt) }, 201);
  });

  app.openapi(read, (c) => {
    const session = c.get('session');
    if (!session) return problemResponse(c, 'not-found', { detail: 'the call used a key, not a session' });
    return c.json(toResource(c, session), 200);
  });

  app.openapi(close, async (c) => {
    const session = c.get('session');
    try {
      if (session) await endSession(session, actorOf(c));
    } catch (error) {
      logError('session not ended', { error });
      return problemResponse(c, 'temporarily-unavailable', { detail: 'the session is still open' });
    }
    clearCookie(c);
    return c.body(null, 204);
  });
}

function toResource(c: Context<AppEnv>, { csrfToken, expiresAt }: Session): SessionResource {
  const { keyId, keyName, scopes } = c.get('principal');
  return { keyId, keyName, scopes: scopes.map(formatScope), csrfToken, expiresAt: toIso(expiresAt) };
}
