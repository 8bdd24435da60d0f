/**
 * Heartbeats as callers send them. Vital are the id and the status, because a guess about health would mislead. The
 * load is not: a sign of life counts with any figures beside it.
 */
import { COMPONENT_ID_PATTERN } from '../component/registration.ts';
import type { ReportedLoad } from '../component/load.ts';
import type { FigureBounds } from './figures.ts';
import { readFigure } from './figures.ts';
import type { Members, VitalReading, Warning } from './warnings.ts';
import { Warnings, fault, isMembers, memberPath, shown } from './warnings.ts';

export const HEARTBEAT_STATUSES = ['healthy', 'degraded', 'unhealthy'] as const;
type HeartbeatStatus = (typeof HEARTBEAT_STATUSES)[number];

export interface Heartbeat {
  readonly status: HeartbeatStatus;
  /** The component sent the status; otherwise `healthy` is the default. */
  readonly statesStatus: boolean;
  /** Null if the component reports none, or none that can be read. */
  readonly load: ReportedLoad | null;
}

/** One heartbeat of a batch: the heartbeat of a component, or the faults that refuse this one alone. */
export type BatchedHeartbeat =
  | { readonly ok: true; readonly id: string; readonly heartbeat: Heartbeat }
  /** `id` is null if the heartbeat has none that is a text. */
  | { readonly ok: false; readonly id: string | null; readonly faults: readonly Warning[] };

export const MAX_HEARTBEATS = 500;

const LOAD_BOUNDS = {
  activeConnections: { min: 0, max: 1_000_000, isInteger: true, outside: 'clamp' },
  queueDepth: { min: 0, max: 1_000_000_000, isInteger: true, outside: 'clamp' },
  loadPercentage: { min: 0, max: 100, isInteger: false, outside: 'clamp' },
} as const satisfies Record<keyof ReportedLoad, FigureBounds>;

const LOAD_FIELDS: ReadonlySet<string> = new Set(Object.keys(LOAD_BOUNDS));
const FIELDS: ReadonlySet<string> = new Set(['status', 'load']);
const BATCHED_FIELDS: ReadonlySet<string> = new Set([...FIELDS, 'id']);
const BATCH_FIELDS: ReadonlySet<string> = new Set(['heartbeats']);
const MAX_ID_CHARACTERS = 128;

/** Reads the body of a single heartbeat. */
export function readHeartbeat(body: unknown): VitalReading<Heartbeat> {
  const warnings = new Warnings();
  const read = readMembers(body, '', FIELDS, warnings);
  return read.ok ? { ...read, warnings: warnings.list } : read;
}

/** Reads a batch. Only a batch that is none, or too large, is refused as a whole. */
export function readHeartbeats(body: unknown): VitalReading<readonly BatchedHeartbeat[]> {
  if (!isMembers(body)) return fault('', `expected an object with heartbeats, received ${shown(body)}`);
  const { heartbeats } = body;
  if (!Array.isArray(heartbeats)) return fault('heartbeats', `expected a list, received ${shown(heartbeats)}`);
  if (heartbeats.length < 1 || heartbeats.length > MAX_HEARTBEATS) {
    const message = `expected 1 to ${MAX_HEARTBEATS} heartbeats, received ${heartbeats.length}: send several batches`;
    return fault('heartbeats', message);
  }
  const warnings = new Warnings();
  warnings.addUnknown(body, BATCH_FIELDS, '');
  const value = heartbeats.map((item: unknown, at) => readBatched(item, `heartbeats[${at}]`, warnings));
  return { ok: true, value, warnings: warnings.list };
}

function readBatched(item: unknown, path: string, warnings: Warnings): BatchedHeartbeat {
  const id = isMembers(item) && typeof item['id'] === 'string' ? item['id'] : null;
  if (isMembers(item) && (id === null || !COMPONENT_ID_PATTERN.test(id))) {
    const message = `expected a component id in lower case, received ${shown(item['id'])}`;
    return { ...fault(memberPath(path, 'id'), message), id: id?.slice(0, MAX_ID_CHARACTERS) ?? null };
  }
  const read = readMembers(item, path, BATCHED_FIELDS, warnings);
  return read.ok ? { ok: true, id: id!, heartbeat: read.value } : { ...read, id };
}

function readMembers(value: unknown, path: string, known: ReadonlySet<string>, warnings: Warnings) {
  if (!isMembers(value)) return fault(path, `expected an object, received ${shown(value)}`);
  const { status = null } = value;
  if (status !== null && !isStatus(status)) {
    const message = `expected ${HEARTBEAT_STATUSES.join(', ')}, received ${shown(status)}`;
    return fault(memberPath(path, 'status'), message);
  }
  warnings.addUnknown(value, known, path);
  const load = readLoad(value['load'], memberPath(path, 'load'), warnings);
  return { ok: true, value: { status: status ?? 'healthy', statesStatus: status !== null, load } } as const;
}

const isStatus = (value: unknown): value is HeartbeatStatus =>
  (HEARTBEAT_STATUSES as readonly unknown[]).includes(value);

/** Missing figures have defaults. A load whose figures are all unreadable leaves the last one in force. */
function readLoad(value: unknown, path: string, warnings: Warnings): ReportedLoad | null {
  if (value === undefined || value === null) return null;
  if (!isMembers(value)) {
    warnings.add(path, `ignored: expected an object, received ${shown(value)}`);
    return null;
  }
  warnings.addUnknown(value, LOAD_FIELDS, path);
  const activeConnections = readLoadFigure('activeConnections', value, path, warnings);
  const queueDepth = readLoadFigure('queueDepth', value, path, warnings);
  const loadPercentage = readLoadFigure('loadPercentage', value, path, warnings);
  const isUnreadable =
    (activeConnections ?? queueDepth ?? loadPercentage) === undefined && Object.keys(value).length > 0;
  if (isUnreadable) return null;
  return {
    activeConnections: activeConnections ?? 0,
    queueDepth: queueDepth ?? 0,
    loadPercentage: loadPercentage ?? null,
  };
}

const readLoadFigure = (
  name: keyof ReportedLoad,
  load: Members,
  path: string,
  warnings: Warnings,
): number | undefined => readFigure(load[name], memberPath(path, name), LOAD_BOUNDS[name], warnings);
