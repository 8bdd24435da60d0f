/** Callers with keys of every kind, valid and invalid, created over the HTTP interface. */
import { formatKey } from '../../src/core/access/key-format.ts';
import { call, eventually, freshId } from './coordinator-http.ts';
import { silentRegistration } from './silent-registration.ts';

/** Callers, named relative to the target component. */
export const CALLERS = [
  'no key',
  'garbage',
  'an unknown key',
  'a revoked key',
  'an expired key',
  'a rotated secret',
  'viewer',
  'router',
  'viewer and router',
  'the component itself',
  'another component',
  'its registrar',
  'a registrar of its type',
  'a registrar of another type',
  'operator',
  "an operator's session",
  'admin',
  'root',
] as const;

export type CallerName = (typeof CALLERS)[number];
export type CallerHeaders = Readonly<Record<string, string>>;

export interface Target {
  readonly id: string;
  /** Key of the component, and the public id of that key. */
  readonly key: string;
  readonly keyId: string;
}

export const TARGET_TYPE = 'task_router';
const OTHER_TYPE = 'caws_validator';
const NO_KEY: CallerHeaders = { authorization: '' };
const bearer = (key: string): CallerHeaders => ({ authorization: `Bearer ${key}` });

export class Callers {
  private readonly fixed: Map<CallerName, CallerHeaders>;

  private constructor(fixed: Map<CallerName, CallerHeaders>) {
    this.fixed = fixed;
  }

  static async make(): Promise<Callers> {
    const [revoked, rotated] = [await make(['admin']), await make(['admin'])];
    const expired = await make(['admin'], { expiresAt: new Date(Date.now() + 1_000).toISOString() });
    await call('DELETE', `/v1/keys/${revoked.id}`);
    await call('POST', `/v1/keys/${rotated.id}/rotate`, { overlapMs: 0 });
    const fixed = new Map<CallerName, CallerHeaders>([
      ['no key', NO_KEY],
      ['garbage', bearer('garbage')],
      ['an unknown key', bearer(formatKey('0123456789ab', new Uint8Array(32).fill(7)))],
      ['a revoked key', bearer(revoked.key)],
      ['an expired key', bearer(expired.key)],
      ['a rotated secret', bearer(rotated.key)],
      ['viewer', bearer((await make(['viewer'])).key)],
      ['router', bearer((await make(['router'])).key)],
      ['viewer and router', bearer((await make(['viewer', 'router'])).key)],
      ['its registrar', bearer((await make([`registrar:${TARGET_TYPE}`])).key)],
      ['a registrar of its type', bearer((await make([`registrar:${TARGET_TYPE}`])).key)],
      ['a registrar of another type', bearer((await make([`registrar:${OTHER_TYPE}`])).key)],
      ['operator', bearer((await make(['operator'])).key)],
      ['admin', bearer((await make(['admin'])).key)],
      ['root', {}],
    ]);
    const callers = new Callers(fixed);
    await callers.openSession();
    fixed.set('another component', bearer((await callers.target()).key));
    // Waits until every isolate's copy of the keys is up to date.
    for (const ended of ['a revoked key', 'an expired key', 'a rotated secret'] as const) {
      await eventually(
        () => call('GET', '/v1/health', undefined, { ...fixed.get(ended) }),
        ({ status }) => status === 401,
      );
    }
    return callers;
  }

  /** Opens a new operator session, because calls may have ended the previous one. */
  async openSession(): Promise<void> {
    this.fixed.set("an operator's session", await sessionOf({ ...this.fixed.get('operator') }));
  }

  /** A new component of the registrar, with the key from its registration. */
  async target(): Promise<Target> {
    const id = freshId('matrix');
    const headers = { ...this.fixed.get('its registrar') };
    const registered = await call('POST', '/v1/components', targetRegistration(id), headers);
    const { key, id: keyId } = registered.body.key;
    return { id, key, keyId };
  }

  /** Removes the target if it still exists, because the size of a type is limited. */
  static async remove({ id }: Target): Promise<void> {
    await call('DELETE', `/v1/components/${id}`);
  }

  headersOf(caller: CallerName, target: Target): Record<string, string> {
    return caller === 'the component itself' ? { ...bearer(target.key) } : { ...this.fixed.get(caller) };
  }
}

/** Registration of targets: without health checks, so that their state changes only by calls. */
export const targetRegistration = (id: string): Record<string, unknown> =>
  silentRegistration(id, { type: TARGET_TYPE, control: { endpoint: '/control', actions: ['restart'] } });

async function make(scopes: readonly string[], more: object = {}): Promise<{ id: string; key: string }> {
  return (await call('POST', '/v1/keys', { name: 'matrix', scopes, ...more })).body;
}

async function sessionOf(headers: Record<string, string>): Promise<CallerHeaders> {
  const opened = await call('POST', '/v1/session', {}, headers);
  const cookie = opened.headers.get('set-cookie')?.split(';')[0] ?? '';
  return { ...NO_KEY, cookie, 'x-csrf-token': opened.body.csrfToken };
}
