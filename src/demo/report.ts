/** Comparison of the demo's measurements with their targets. */
import type { FaultMeasurement } from './fault-observation.ts';
import type { TaskCounts } from './task-flow.ts';

const RECOVERY_STARTED_MS = 17_000;
const PROVEN_MS = 25_000;

export interface Results {
  readonly faults: readonly FaultMeasurement[];
  readonly tasks: TaskCounts;
  /** Restarts of components that the demo did not break. */
  readonly needlessRestarts: number;
}

interface Row {
  readonly name: string;
  readonly value: (measurement: FaultMeasurement) => number | null;
  readonly targetMs: (measurement: FaultMeasurement) => number | null;
}

const ROWS: readonly Row[] = [
  { name: 'out of routing', value: (m) => m.outOfRoutingMs, targetMs: (m) => m.fault.outOfRoutingMs },
  { name: 'recovery started', value: (m) => m.recoveryStartedMs, targetMs: () => RECOVERY_STARTED_MS },
  { name: 'process restarted', value: (m) => m.restartedMs, targetMs: () => null },
  { name: 'verified healthy', value: (m) => m.provenMs, targetMs: () => PROVEN_MS },
];

/** One text per missed target; empty when all were met. */
export function findShortfalls({ faults, tasks, needlessRestarts }: Results): string[] {
  const late = faults.flatMap((measurement) =>
    ROWS.flatMap((row) => {
      const value = row.value(measurement);
      const target = row.targetMs(measurement);
      const label = `${measurement.fault.kind}: ${row.name}`;
      if (value === null) return [`${label}: did not happen`];
      return target !== null && value > target ? [`${label}: ${seconds(value)}, target ${seconds(target)}`] : [];
    }),
  );
  const repeated = faults
    .filter(({ restarts }) => restarts > 1)
    .map(({ fault, restarts }) => `${fault.kind}: restarted ${restarts} times`);
  const lost = tasks.lost > 0 ? [`${tasks.lost} of ${tasks.sent} tasks lost`] : [];
  const needlessLines = needlessRestarts > 0 ? [`${needlessRestarts} restarts of healthy components`] : [];
  return [...late, ...repeated, ...lost, ...needlessLines];
}

/** The final table as text. */
export function renderTable({ faults, tasks }: Results): string {
  const header = ['event', ...faults.map(({ fault }) => fault.kind), 'target'];
  const body = ROWS.map((row) => [
    row.name,
    ...faults.map((measurement) => seconds(row.value(measurement))),
    joinTargets(faults.map(row.targetMs)),
  ]);
  const widths = header.map((_, column) => Math.max(...[header, ...body].map((cells) => cells[column]?.length ?? 0)));
  const lines = [header, ...body].map((cells) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('   '),
  );
  lines.splice(1, 0, widths.map((width) => '─'.repeat(width)).join('   '));
  const { sent, firstTry, secondTry, lost, attempts } = tasks;
  const counted = `tasks: ${sent} sent, ${firstTry} done at the first attempt, ${secondTry} at the second, ${lost} lost (${attempts} attempts)`;
  return [...lines, '', counted].map((line) => `  ${line}`.trimEnd()).join('\n');
}

const seconds = (ms: number | null): string => (ms === null ? '–' : `${(ms / 1_000).toFixed(1)} s`);

/** One figure if all columns share it, otherwise one per column. */
function joinTargets(targets: readonly (number | null)[]): string {
  const [first = null] = targets;
  if (first === null) return '–';
  return new Set(targets).size === 1 ? `${first / 1_000} s` : `${targets.map((ms) => (ms ?? 0) / 1_000).join(' / ')} s`;
}
