/**
 * Model of the acknowledged components, keys and control secrets, learned from responses only.
 *
 * Uses the method and path that were really sent, so that it learns from damaged requests too.
 */
import { RegistrationSchema } from '../../../src/core/component/registration.ts';
import type { ApiResponse } from '../coordinator-http.ts';
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
  /** Null if recovery or time may have changed it. */
  readonly lifecycle: string | null;
  /** Whether an operator took it out of service or switched it over, which survives a registration. */
  readonly isAside: boolean;
  /** Epoch ms at which it is removed automatically; null if never. */
  readonly goneAt: number | null;
}

export interface KnownKey {
  readonly id: string;
  readonly shown: Members;
  /** Null if unknown: its component was drained, and may have registered again before the model learned of it. */
  readonly revoked: boolean | null;
}

const FIELDS = Object.keys(RegistrationSchema.shape);
const COMPONENT = /^\/v1\/components\/([^/]+)$/;
const OF_COMPONENT = /^\/v1\/components\/([^/]+)\/([a-z/-]+)$/;
const OF_KEY = /^\/v1\/keys\/([^/]+)(\/rotate)?$/;

const registrationOf = (body: Members): Members =>
  Object.fromEntries(FIELDS.filter((name) => body[name] !== undefined).map((name) => [name, body[name]]));

/** Fields of a key that only rotation and revocation change. */
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
  /** Body as JSON; undefined if it is not JSON. */
  readonly json: unknown;
  /** Ids that concurrent requests change: a list may show them before or after the change. */
  readonly busy: ReadonlySet<string>;
}

/** Lifecycle after a registration; unknown if a changed role conflicts with an operator's action. */
function placeOf({ role }: Members, before: KnownComponent | undefined): string | null {
  if (!before?.isAside) return String(role);
  return before.registration['role'] === role ? before.lifecycle : null;
}

export class SystemModel {
  readonly components = new Map<string, KnownComponent>();
  readonly keys = new Map<string, KnownKey>();
  readonly seenIds = new Set<string>();
  readonly config = new ConfigModel();
  readonly recoveryIds: string[] = [];
  readonly incidentIds: string[] = [];
  readonly leaseIds: string[] = [];
  cursor = '';
  /** Cookie of the latest session. */
  session = '';
  private readonly secrets = new Map<string, string>();

  /** Learns from a response. Returns contradictions with the model or the request. */
  learn(sent: Sent, { status, body, headers }: ApiResponse): string[] {
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
    // A restart returns its recovery, and changes nothing in the model.
    if (method === 'POST' && what === 'actions') return status === 202 ? [] : this.operated(sent, body);
    if (what !== '') return this.ofPart(idIn(part) ?? '', `${method} ${what}`, body);
    const [, keyId] = OF_KEY.exec(pathname) ?? [];
    return keyId === undefined ? [] : this.ofKey(method, body);
  }

  /** Valid key that was issued to a component. */
  keyOf(componentId: string): string | undefined {
    return Array.from(this.keys.values()).find(({ shown, revoked }) => shown['issuedTo'] === componentId && !revoked)
      ?.id;
  }

  /** Whether the component must, may or must not exist. */
  presence(id: string, now: number): 'there' | 'either' | 'gone' {
    const known = this.components.get(id);
    if (!known) return 'gone';
    return known.goneAt === null || known.goneAt > now + SLACK_MS ? 'there' : 'either';
  }

  /** Differences between a returned component and the acknowledged one. */
  differences(body: Members, etag: string | null = null): string[] {
    const id = String(body['id']);
    const known = this.components.get(id);
    if (!known) return [`${id} is returned although not registered`];
    const faults: string[] = [];
    const expect = (what: string, seen: unknown, wanted: unknown) => {
      if (!isSame(seen, wanted)) faults.push(`${id}: ${what} is ${short(seen)}, acknowledged as ${short(wanted)}`);
    };
    expect('registration', registrationOf(body), known.registration);
    expect('generation', body['generation'], known.generation);
    expect('registeredAt', body['registeredAt'], known.registeredAt);
    if (etag !== null) expect('etag', etag, known.etag);
    if (known.lifecycle !== null) expect('lifecycle', body['lifecycle'], known.lifecycle);
    return faults;
  }

  /** Differences between a returned key and the acknowledged one. */
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
    if (presence === 'there') return [`${id} is not found although acknowledged`];
    return [];
  }

  private ofComponent(
    sent: Sent,
    id: string,
    { status, body, headers }: Omit<ApiResponse, 'headers'> & { headers: Headers },
  ) {
    if (sent.method === 'GET') return this.differences(body as Members, headers.get('etag'));
    if (sent.method === 'DELETE') return this.removed(id, status === 202 ? Date.parse(body.drainsUntil) : null);
    return this.stored(sent, body as Members, headers.get('etag'));
  }

  private stored(sent: Sent, body: Members, etag: string | null): string[] {
    const id = String(body['id']);
    const before = this.components.get(id);
    const registration = registrationOf(body);
    const requested = sent.method === 'PATCH' ? merged(before?.registration, sent.json) : sent.json;
    const faults = missingFrom(requested as Members, registration).map((fault) => `${id}: ${fault}`);
    const drained = before?.goneAt != null && body['registeredAt'] !== before.registeredAt;
    if (drained) {
      this.forgetKeys(id, null);
      this.secrets.delete(id);
    }
    if (before && before.goneAt === null && body['registeredAt'] !== before.registeredAt)
      faults.push(`${id} was registered again although it existed`);
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

  /** The other component of a switchover is unknown, so all of the type may have changed. */
  private switched(body: Members): string[] {
    for (const known of this.components.values())
      if (known.registration['type'] === body['type'])
        this.components.set(known.id, { ...known, lifecycle: null, isAside: true });
    return this.components.has(String(body['id']))
      ? []
      : [`${String(body['id'])} was switched though it is not registered`];
  }

  /** Learns an operator's action. The model does not predict states that end within the run. */
  private operated({ json }: Sent, body: Members): string[] {
    if (String((json as Members)['action']).startsWith('switch')) return this.switched(body);
    const known = this.components.get(String(body['id']));
    if (!known) return [`${String(body['id'])} was operated though it is not registered`];
    const { lifecycle, lifecycleUntil } = body;
    const isSettled = lifecycle === 'active' || lifecycle === 'standby';
    const isForeseen = known.registration['type'] !== WARD_TYPE && lifecycleUntil === null;
    // A restored component is no longer removed.
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
      // A component that may be removed as dead can disappear earlier.
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
    // A key is removed with its component, at an unknown time.
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

/** Tolerance for delays of alarms and responses. */
const SLACK_MS = 5_000;
const DRAINED_SOON_MS = 600_000;
const HOUR_MS = 3_600_000;

/** Whether the component may be removed as dead within the run. */
function mayVanish(registration: Members): boolean {
  const after = registration['deregisterAfter'];
  return typeof after === 'number' && after < HOUR_MS;
}

function idIn(segment: string | undefined): string | null {
  if (segment === undefined) return null;
  try {
    return decodeURIComponent(segment);
  } catch {
    // Invalid UTF-8 is not an id.
    return null;
  }
}

const short = (value: unknown): string => canonical(value).slice(0, 400);

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON Merge Patch (RFC 7396), implemented independently. */
function merged(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) result.delete(name);
    else result.set(name, merged(result.get(name), value));
  }
  return Object.fromEntries(result);
}

/** Requested values that the acknowledged ones lack. Metadata must be equal. */
function missingFrom(requested: Members, acknowledged: Members): string[] {
  return Object.entries(requested).flatMap(([name, value]) => {
    const kept = Object.hasOwn(acknowledged, name) ? acknowledged[name] : undefined;
    if (!isObject(value) || !isObject(kept)) return isSame(kept, value) ? [] : [mismatch(name, value, kept)];
    const members = Object.keys(name === 'metadata' ? { ...value, ...kept } : value);
    return members.flatMap((member) => {
      const [wanted, got] = [value, kept].map((object) => (Object.hasOwn(object, member) ? object[member] : undefined));
      return isSame(wanted, got) ? [] : [mismatch(`${name}.${member}`, wanted, got)];
    });
  });
}

const mismatch = (name: string, requested: unknown, kept: unknown): string =>
  `${name} requested as ${short(requested)}, stored as ${short(kept)}`;
