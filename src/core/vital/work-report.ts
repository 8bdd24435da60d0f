/**
 * Reports about work: the completion and the renewal of a lease, and the outcomes of edge-routed work. Vital is the
 * outcome, or the new lifetime: a slot must not stay taken because the clock of a caller was set.
 */
import type { WorkOutcome, WorkResult } from '../component/work-outcome.ts';
import { WORK_OUTCOMES } from '../component/work-outcome.ts';
import type { FailureError } from './failure-report.ts';
import { readError } from './failure-report.ts';
import type { FigureBounds } from './figures.ts';
import { readFigure } from './figures.ts';
import type { Members, VitalReading } from './warnings.ts';
import { Warnings, fault, isMembers, memberPath, shown } from './warnings.ts';

export interface WorkCompletion extends WorkResult {
  /** Null if only the work failed, or nothing did. */
  readonly error: FailureError | null;
}

export interface ReportedOutcome extends WorkResult {
  /** Work in flight that the component reported; null if the caller does not know it. */
  readonly inFlight: number | null;
}

export const MAX_OUTCOMES = 500;

const LATENCY_MS = { min: 0, max: 86_400_000, isInteger: false, outside: 'drop' } as const satisfies FigureBounds;
const IN_FLIGHT = { min: 0, max: 1_000_000, isInteger: true, outside: 'clamp' } as const satisfies FigureBounds;
const TTL_MS = { min: 1_000, max: 3_600_000, isInteger: true, outside: 'clamp' } as const satisfies FigureBounds;

const COMPLETION_FIELDS: ReadonlySet<string> = new Set(['outcome', 'latencyMs', 'error']);
const OUTCOME_FIELDS: ReadonlySet<string> = new Set(['outcome', 'latencyMs', 'inFlight']);
const RENEWAL_FIELDS: ReadonlySet<string> = new Set(['ttlMs']);

export function readCompletion(body: unknown): VitalReading<WorkCompletion> {
  if (!isMembers(body)) return fault('', `expected an object with an outcome, received ${shown(body)}`);
  const { outcome } = body;
  if (!isOutcome(outcome)) return fault('outcome', outcomeFault(outcome));
  const warnings = new Warnings();
  warnings.addUnknown(body, COMPLETION_FIELDS, '');
  const latencyMs = readFigure(body['latencyMs'], 'latencyMs', LATENCY_MS, warnings) ?? null;
  const { error: sent = null } = body;
  const error = sent === null ? null : readError(sent, 'error', warnings);
  if (sent !== null && error === null) warnings.add('error', `ignored: expected an object, received ${shown(sent)}`);
  return { ok: true, value: { outcome, latencyMs, error }, warnings: warnings.list };
}

/** The new lifetime of a lease, ms. */
export function readRenewal(body: unknown): VitalReading<number> {
  if (!isMembers(body)) return fault('', `expected an object with ttlMs, received ${shown(body)}`);
  const warnings = new Warnings();
  const ttlMs = readFigure(body['ttlMs'], 'ttlMs', TTL_MS, warnings);
  // A guess could shorten the lease.
  if (ttlMs === undefined) return fault('ttlMs', `expected the new lifetime in ms, received ${shown(body['ttlMs'])}`);
  warnings.addUnknown(body, RENEWAL_FIELDS, '');
  return { ok: true, value: ttlMs, warnings: warnings.list };
}

/** Reads a list of outcomes. An unreadable outcome does not count; a list without a readable one is refused. */
export function readOutcomes(body: unknown): VitalReading<readonly ReportedOutcome[]> {
  if (!Array.isArray(body)) return fault('', `expected a list of outcomes, received ${shown(body)}`);
  if (body.length < 1 || body.length > MAX_OUTCOMES) {
    return fault('', `expected 1 to ${MAX_OUTCOMES} outcomes, received ${body.length}: send several lists`);
  }
  const warnings = new Warnings();
  const value = body.flatMap((item: unknown, at) => readOutcome(item, `[${at}]`, warnings) ?? []);
  return value.length === 0 ? { ok: false, faults: warnings.list } : { ok: true, value, warnings: warnings.list };
}

function readOutcome(item: unknown, path: string, warnings: Warnings): ReportedOutcome | null {
  if (!isMembers(item)) {
    warnings.add(path, `not counted: expected an object, received ${shown(item)}`);
    return null;
  }
  const { outcome } = item;
  if (!isOutcome(outcome)) {
    warnings.add(memberPath(path, 'outcome'), `not counted: ${outcomeFault(outcome)}`);
    return null;
  }
  warnings.addUnknown(item, OUTCOME_FIELDS, path);
  return {
    outcome,
    latencyMs: readMember(item, 'latencyMs', LATENCY_MS, path, warnings),
    inFlight: readMember(item, 'inFlight', IN_FLIGHT, path, warnings),
  };
}

// oxlint-disable-next-line max-params -- the figure, where it stands, and its bounds
const readMember = (item: Members, name: string, bounds: FigureBounds, path: string, warnings: Warnings) =>
  readFigure(item[name], memberPath(path, name), bounds, warnings) ?? null;

const isOutcome = (value: unknown): value is WorkOutcome => (WORK_OUTCOMES as readonly unknown[]).includes(value);

const outcomeFault = (value: unknown): string => `expected ${WORK_OUTCOMES.join(', ')}, received ${shown(value)}`;
