/**
 * What has been acknowledged: components, keys and control secrets, learnt from the answers alone.
 *
 * Goes by the method and path that were really sent, so that a damaged request teaches what it did.
 */
import { RegistrationSchema } from '../../../src/core/component/registration.ts';
import type { Answer } from '../coordinator-http.ts';
import { canonical, isSame } from './canonical.ts';
import { ConfigModel, isConfigPath } from './config-model.ts';
import { WARD_TYPE } from './fuzz-pool.ts';

type Members = Readonly<Record<string, unknown>>;

export interface KnownComponent {
  readonly id: string;
  readonly registration: Members;
  readonly generation: number;
  readonly registeredAt: string;
  readonly etag: string | null;
  /** Null where recovery or time may have changed it. */
  readonly lifecycle: string | null;
  /** An operator took it out of service, or switched it over: registering again leaves it so. */
  readonly isAside: boolean;
  /** Epoch ms at which it is gone by itself, or null. */
  readonly goneAt: number | null;
}

export interface KnownKey {
  readonly id: string;
  readonly shown: Members;
  /** Null while nobody can say: its component was drained away, and may have come back before that was told. */
  readonly revoked: boolean | null;
}

const FIELDS = Object.keys(RegistrationSchema.shape);
const COMPONENT = /^\/v1\/components\/([^/]+)$/;
const OF_COMPONENT = /^\/v1\/components\/([^/]+)\/([a-z/-]+)$/;
const OF_KEY = /^\/v1\/keys\/([^/]+)(\/rotate)?$/;

const registrationOf = (body: Members): Members =>
  Object.fromEntries(FIELDS.filter((name) => body[name] !== undefined).map((name) => [name, body[name]]));

/** What a key shows that nothing but its rotation and revocation changes. */
const lastingOf = ({ id, name, scopes, createdAt, expiresAt, issuedBy, issuedTo }: Members): Members => ({
  id,
  name,
  scopes,
  createdAt,
  expiresAt,
  issuedBy,
  issuedTo,
});

export interface Sent {
  readonly method: string;
  readonly pathname: string;
  /** The body as JSON; undefined when it is none. */
  readonly json: unknown;
  /** What others were about at the same time: a list may show it as it was before or after. */
  readonly busy: ReadonlySet<string>;
}

/** Where it is after registering; a changed role may say otherwise than an operator did. */
function placeOf({ role }: Members, before: KnownComponent | undefined): string | null {
  if (!before?.isAside) return String(role);
  return before.registration['role'] === role ? before.lifecycle : null;
}

export class FleetModel {
  readonly components = new Map<string, KnownComponent>();
  readonly keys = new Map<string, KnownKey>();
  readonly seenIds = new Set<string>();
  readonly config = new ConfigModel();
  readonly recoveryIds: string[] = [];
  readonly incidentIds: string[] = [];
  readonly leaseIds: string[] = [];
  cursor = '';
  /** The cookie of the session opened last. */
  session = '';
  private readonly secrets = new Map<string, string>();

  /** Takes in what was acknowledged; answers what contradicts what was known or asked. */
  learn(sent: Sent, { status, body, headers }: Answer): string[] {
    if (status >= 300) return this.refused(sent, status);
    const { method, pathname } = sent;
    if (isConfigPath(pathname)) return this.config.learn(sent, { status, body, headers });
    if (pathname === '/v1/components' && method === 'POST') return this.stored(sent, body, headers.get('etag'));
    if (pathname === '/v1/components') return this.listed(body, sent.busy);
    if (pathname === '/v1/session' && method === 'POST') return this.sessionOpened(headers);
    if (pathname === '/v1/recoveries') return this.note(this.recoveryIds, body.items);
    if (pathname === '/v1/incidents') return this.note(this.incidentIds, body.items);
    if (pathname === '/v1/route' && body.lease) return this.note(this.leaseIds, [body.lease]);
    if (pathname === '/v1/keys' && method === 'POST') return this.keyMade(sent, body);
    const id = idIn(COMPONENT.exec(pathname)?.[1]);
    if (id !== null) return this.ofComponent(sent, id, { status, body, headers });
    const [, part = '', what = ''] = OF_COMPONENT.exec(pathname) ?? [];
    // A restart changes nothing of what is known; it is answered with its recovery.
    if (method === 'POST' && what === 'actions') return status === 202 ? [] : this.operated(sent, body);
    if (what !== '') return this.ofPart(idIn(part) ?? '', `${method} ${what}`, body);
    const [, keyId] = OF_KEY.exec(pathname) ?? [];
    return keyId === undefined ? [] : this.ofKey(method, body);
  }

  /** The key in force that was issued to a component. */
  keyOf(componentId: string): string | undefined {
    return Array.from(this.keys.values()).find(({ shown, revoked }) => shown['issuedTo'] === componentId && !revoked)
      ?.id;
  }

  /** Whether it must, may or must not be there. */
  presence(id: string, now: number): 'there' | 'either' | 'gone' {
    const known = this.components.get(id);
    if (!known) return 'gone';
    return known.goneAt === null || known.goneAt > now + SLACK_MS ? 'there' : 'either';
  }

  /** How an answered component differs from what was acknowledged. */
  differences(body: Members, etag: string | null = null): string[] {
    const id = String(body['id']);
    const known = this.components.get(id);
    if (!known) return [`${id} is answered though it is not registered`];
    const faults: string[] = [];
    const expect = (what: string, seen: unknown, wanted: unknown) => {
      if (!isSame(seen, wanted)) faults.push(`${id}: ${what} is ${short(seen)}, acknowledged was ${short(wanted)}`);
    };
    expect('registration', registrationOf(body), known.registration);
    expect('generation', body['generation'], known.generation);
    expect('registeredAt', body['registeredAt'], known.registeredAt);
    if (etag !== null) expect('etag', etag, known.etag);
    if (known.lifecycle !== null) expect('lifecycle', body['lifecycle'], known.lifecycle);
    return faults;
  }

  /** How an answered key differs from what was acknowledged. */
  keyDifferences(body: Members): string[] {
    const known = this.keys.get(String(body['id']));
    if (!known) return [`the key ${String(body['id'])} was never acknowledged`];
    const faults: string[] = [];
    if (!isSame(lastingOf(body), known.shown)) faults.push(`key ${known.id}: ${short(lastingOf(body))}`);
    const revoked = body['state'] === 'revoked';
    if (known.revoked !== null && revoked !== known.revoked) faults.push(`key ${known.id} is ${String(body['state'])}`);
    return faults;
  }

  private refused({ pathname, method }: Sent, status: number): string[] {
    const id = idIn(COMPONENT.exec(pathname)?.[1]);
    if (id === null || status !== 404 || method === 'POST') return [];
    const presence = this.presence(id, Date.now());
    if (presence === 'there') return [`${id} is not found though it was acknowledged`];
    return [];
  }

  private ofComponent(
    sent: Sent,
    id: string,
    { status, body, headers }: Omit<Answer, 'headers'> & { headers: Headers },
  ) {
    if (sent.method === 'GET') return this.differences(body as Members, headers.get('etag'));
    if (sent.method === 'DELETE') return this.removed(id, status === 202 ? Date.parse(body.drainsUntil) : null);
    return this.stored(sent, body as Members, headers.get('etag'));
  }

  private stored(sent: Sent, body: Members, etag: string | null): string[] {
    const id = String(body['id']);
    const before = this.components.get(id);
    const registration = registrationOf(body);
    const asked = sent.method === 'PATCH' ? merged(before?.registration, sent.json) : sent.json;
    const faults = lost(asked as Members, registration).map((fault) => `${id}: ${fault}`);
    const drained = before?.goneAt != null && body['registeredAt'] !== before.registeredAt;
    if (drained) {
      this.forgetKeys(id, null);
      this.secrets.delete(id);
    }
    if (before && before.goneAt === null && body['registeredAt'] !== before.registeredAt)
      faults.push(`${id} was registered anew though it was there`);
    if (mayVanish(registration)) this.forgetKeys(id, null);
    if (etag !== `"${String(body['generation'])}"`) faults.push(`${id}: etag ${etag}`);
    this.seenIds.add(id);
    this.components.set(id, {
      id,
      registration,
      etag,
      generation: Number(body['generation']),
      registeredAt: String(body['registeredAt']),
      lifecycle: body['type'] === WARD_TYPE ? null : placeOf(registration, before),
      isAside: before?.isAside ?? false,
      goneAt: mayVanish(registration) ? 0 : null,
    });
    return [...faults, ...this.differences(body, etag)];
  }

  /** With somebody of its type, which is not told. */
  private switched(body: Members): string[] {
    for (const known of this.components.values())
      if (known.registration['type'] === body['type'])
        this.components.set(known.id, { ...known, lifecycle: null, isAside: true });
    return this.components.has(String(body['id']))
      ? []
      : [`${String(body['id'])} was switched though it is not registered`];
  }

  /** By an operator. What ends within the run is not foretold. */
  private operated({ json }: Sent, body: Members): string[] {
    if (String((json as Members)['action']).startsWith('switch')) return this.switched(body);
    const known = this.components.get(String(body['id']));
    if (!known) return [`${String(body['id'])} was operated though it is not registered`];
    const { lifecycle, lifecycleUntil } = body;
    const isSettled = lifecycle === 'active' || lifecycle === 'standby';
    const isForeseen = known.registration['type'] !== WARD_TYPE && lifecycleUntil === null;
    // What was restored is not removed any more.
    const goneAt = isSettled && known.goneAt !== null && !mayVanish(known.registration) ? null : known.goneAt;
    const isAside = lifecycle !== known.registration['role'];
    const operated = { ...known, lifecycle: isForeseen ? String(lifecycle) : null, isAside, goneAt };
    this.components.set(known.id, operated);
    return this.differences(body);
  }

  private removed(id: string, goneAt: number | null): string[] {
    const known = this.components.get(id);
    if (!known) return [`${id} was removed though it was not registered`];
    if (goneAt !== null) {
      // What may be taken for dead in the meantime is still gone sooner.
      const soonest = Math.min(goneAt, known.goneAt ?? goneAt);
      this.components.set(id, {
        ...known,
        goneAt: soonest,
        lifecycle: known.lifecycle === null ? null : 'draining',
        isAside: false,
      });
      if (goneAt < Date.now() + DRAINED_SOON_MS) this.forgetKeys(id, null);
      return [];
    }
    this.components.delete(id);
    this.secrets.delete(id);
    this.forgetKeys(id, true);
    return [];
  }

  private forgetKeys(componentId: string, revoked: true | null): void {
    for (const key of this.keys.values())
      if (key.shown['issuedTo'] === componentId && !key.revoked) this.keys.set(key.id, { ...key, revoked });
  }

  private listed(body: { items: Members[]; nextCursor: string | null }, busy: ReadonlySet<string>): string[] {
    this.cursor = body.nextCursor ?? this.cursor;
    return body.items.flatMap((item) => (busy.has(String(item['id'])) ? [] : this.differences(item)));
  }

  private ofPart(id: string, what: string, body: Members): string[] {
    switch (what) {
      case 'POST key':
        return this.keyShown(body, false);
      case 'GET control-secret': {
        const [known, secret] = [this.secrets.get(id), String(body['secret'])];
        this.secrets.set(id, secret);
        const mayBeNew = this.components.get(id)?.goneAt != null;
        return known === undefined || known === secret || mayBeNew ? [] : [`${id} has another control secret`];
      }
      case 'POST control-secret/rotate':
        this.secrets.set(id, String(body['secret']));
        return [];
      case 'POST failures':
        if (typeof body['recoveryId'] === 'string') return this.note(this.recoveryIds, [{ id: body['recoveryId'] }]);
        return [];
      default:
        return [];
    }
  }

  private keyMade(sent: Sent, body: Members): string[] {
    const { name, scopes } = sent.json as { name: string; scopes: string[] };
    const faults = this.keyShown(body, false);
    if (!isSame(body['name'], name)) faults.push(`key made with another name than ${short(name)}`);
    if (!isSame(body['scopes'], [...new Set(scopes)])) faults.push(`key made with other scopes than ${short(scopes)}`);
    return faults;
  }

  private ofKey(method: string, body: Members): string[] {
    if (method === 'GET') return this.keyDifferences(body);
    const known = this.keys.get(String(body['id']));
    if (method === 'PATCH' && known) this.keys.set(known.id, { ...known, shown: lastingOf(body) });
    return this.keyShown(body, method === 'DELETE');
  }

  private keyShown(body: Members, revoked: boolean): string[] {
    const id = String(body['id']);
    const known = this.keys.get(id);
    // A key goes with its component, whenever that is.
    const mayGo = this.components.get(String(body['issuedTo']))?.goneAt != null;
    this.keys.set(id, { id, shown: known?.shown ?? lastingOf(body), revoked: mayGo && !revoked ? null : revoked });
    return this.keyDifferences(body);
  }

  private sessionOpened(headers: Headers): string[] {
    this.session = headers.get('set-cookie')?.split(';')[0] ?? '';
    return this.session === '' ? ['a session without a cookie'] : [];
  }

  private note(list: string[], items: { id: string }[]): string[] {
    for (const { id } of items) if (!list.includes(id)) list.push(id);
    return [];
  }
}

/** Alarms and the way to us take their time. */
const SLACK_MS = 5_000;
const DRAINED_SOON_MS = 600_000;
const HOUR_MS = 3_600_000;

/** Registered so that it may be taken for dead and be removed within the run. */
function mayVanish(registration: Members): boolean {
  const after = registration['deregisterAfter'];
  return typeof after === 'number' && after < HOUR_MS;
}

function idIn(segment: string | undefined): string | null {
  if (segment === undefined) return null;
  try {
    return decodeURIComponent(segment);
  } catch {
    // Not UTF-8: no id.
    return null;
  }
}

const short = (value: unknown): string => canonical(value).slice(0, 400);

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** RFC 7396, said once more. */
function merged(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) result.delete(name);
    else result.set(name, merged(result.get(name), value));
  }
  return Object.fromEntries(result);
}

/** What was asked for and is not in what was acknowledged. Metadata must be exactly what was asked. */
function lost(asked: Members, acknowledged: Members): string[] {
  return Object.entries(asked).flatMap(([name, value]) => {
    const kept = Object.hasOwn(acknowledged, name) ? acknowledged[name] : undefined;
    if (!isObject(value) || !isObject(kept)) return isSame(kept, value) ? [] : [said(name, value, kept)];
    const members = Object.keys(name === 'metadata' ? { ...value, ...kept } : value);
    return members.flatMap((member) => {
      const [wanted, got] = [value, kept].map((object) => (Object.hasOwn(object, member) ? object[member] : undefined));
      return isSame(wanted, got) ? [] : [said(`${name}.${member}`, wanted, got)];
    });
  });
}

const said = (name: string, asked: unknown, kept: unknown): string =>
  `${name} asked as ${short(asked)}, kept as ${short(kept)}`;
