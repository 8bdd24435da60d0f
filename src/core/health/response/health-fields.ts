/**
 * The fields of a health document: which of them are about the whole component and how each is read, which of them hold
 * parts, and which names mean a dependency wherever they occur.
 */
import { foldText } from './health-words.ts';

/**
 * - `word`: a status. A text that is not understood makes the whole unknown.
 * - `loose word`: a status in most documents, and something else in others: `state` may be a place.
 * - `nested`: counts only inside another field: `{ status: { code: "UP" } }`.
 * - `good flag`, `good switch`: true is healthy. Numbers are flags in the first, and counts in the second.
 * - `envelope`: says that the request succeeded. False is unhealthy, true is weaker than any word about the component.
 * - `bad flag`: true is degraded. `bad switch`: true is unhealthy.
 * - `errors`: names errors, or is empty.
 * - `code`: an HTTP status.
 */
export type FieldKind =
  | 'word'
  | 'loose word'
  | 'nested'
  | 'indicator'
  | 'good flag'
  | 'good switch'
  | 'envelope'
  | 'bad flag'
  | 'bad switch'
  | 'errors'
  | 'code';

const FIELDS: ReadonlyMap<string, FieldKind> = new Map(
  Object.entries({
    word:
      'status health healthstatus overall overallstatus overallhealth systemstatus systemhealth servicestatus ' +
      'servicehealth serverstatus appstatus applicationstatus apistatus healthcheck servingstatus',
    'loose word':
      'state statustext condition verdict outcome availability liveness readiness ' +
      'zustand etat statut estado stato estatus salud saude stan durum статус состояние 状态 狀態 健康 ステータス 状態 상태',
    nested: 'code level value name text label phase',
    indicator: 'indicator',
    'good flag': 'healthy ok',
    'good switch': 'alive live ready up online running operational connected serving reachable',
    envelope: 'available success succeeded',
    'bad flag': 'degraded warning',
    'bad switch':
      'down failed failing unhealthy offline dead crashed broken unavailable outage fatal critical stopped ' +
      'disconnected unreachable maintenance maintenancemode undermaintenance shuttingdown draining notready',
    errors: 'error errors exception exceptions fault faults',
    code: 'statuscode httpstatus httpcode httpstatuscode responsecode',
  } satisfies Record<FieldKind, string>).flatMap(([kind, names]) =>
    names.split(' ').map((name) => [foldText(name), kind as FieldKind] as const),
  ),
);

/** Names that hold a map or a list of parts: IETF, MicroProfile, Spring, Terminus, ASP.NET, and their kin. */
const PARTS: ReadonlySet<string> = new Set(
  (
    'checks components services dependencies subsystems systems modules probes indicators healthchecks nodes ' +
    'instances replicas members backends upstreams'
  ).split(' '),
);

/** Names that wrap the whole, or hold parts, or anything else. */
const WRAPPERS: ReadonlySet<string> = new Set('data result response payload body'.split(' '));
const LOOSE_PARTS: ReadonlySet<string> = new Set('details info entries results'.split(' '));

/** Names of what components depend on, and an ending such as in `dbStatus` or `redis_connected`. */
const DEPENDENCY = new RegExp(
  '^(db|database|datastore|sql|mysql|mariadb|postgres|postgresql|pg|mongo|mongodb|cassandra|redis|valkey|memcached?|' +
    'kafka|rabbitmq|amqp|mq|broker|nats|pulsar|elastic|elasticsearch|opensearch|solr|s3|ldap|vault|consul|etcd|' +
    'zookeeper|(cache|queue|search|storage|disk|smtp|mail|auth|api|backend|upstream|worker|scheduler|network|dns))' +
    '(status|state|health|connection|connected|ok|up|ready|alive|available|healthy)?$',
);

const foldName = (name: string): string => foldText(name).replace(/[\s_.-]/g, '');

/** How a field about the whole is read; undefined for any other field. `isHealthy` is the field `healthy`. */
export function kindOf(name: string): FieldKind | undefined {
  if (name.length > 32) return undefined;
  const folded = foldName(name);
  return FIELDS.get(folded) ?? (folded.startsWith('is') ? FIELDS.get(folded.slice(2)) : undefined);
}

/** Whether a member with this name may say something about health. */
export const isKnownName = (name: string): boolean =>
  kindOf(name) !== undefined || partsKindOf(name) !== undefined || dependencyKindOf(name) !== undefined;

export const isWrapper = (name: string): boolean => WRAPPERS.has(foldName(name));

/** `sure`: every member is a part. `loose`: a member may be a part, or some other information. */
export function partsKindOf(name: string): 'sure' | 'loose' | undefined {
  const folded = foldName(name);
  if (PARTS.has(folded)) return 'sure';
  return LOOSE_PARTS.has(folded) || WRAPPERS.has(folded) ? 'loose' : undefined;
}

/**
 * Whether the name means a dependency. `stated`: the name says that the value is its health. `switchable`: the value
 * may also be a setting, as in `{"cache": false}`.
 */
export function dependencyKindOf(name: string): 'stated' | 'plain' | 'switchable' | undefined {
  if (name.length > 32) return undefined;
  const [match, , switchable, ending] = DEPENDENCY.exec(foldName(name)) ?? [];
  if (match === undefined) return undefined;
  return ending === undefined ? (switchable === undefined ? 'plain' : 'switchable') : 'stated';
}

/** Fields about the past, such as `lastBackup`. They say nothing about the health now. */
export const isAboutThePast = (name: string): boolean => /^(last|prev|old|recent|latest)/i.test(name);
