/** What was measured, held against what was promised. */
import type { FaultMeasurement } from './fault-observation.ts';
import type { TaskCounts } from './task-flow.ts';

const RECOVERY_STARTED_MS = 17_000;
const PROVEN_MS = 25_000;

export interface Results {
  readonly faults: readonly FaultMeasurement[];
  readonly tasks: TaskCounts;
  /** Restarts of components that nobody broke. */
  readonly needlessRestarts: number;
}

interface Row {
  readonly name: string;
  readonly value: (measurement: FaultMeasurement) => number | null;
  readonly promiseMs: (measurement: FaultMeasurement) => number | null;
}

const ROWS: readonly Row[] = [
  { name: 'out of routing', value: (m) => m.outOfRoutingMs, promiseMs: (m) => m.fault.outOfRoutingMs },
  { name: 'recovery started', value: (m) => m.recoveryStartedMs, promiseMs: () => RECOVERY_STARTED_MS },
  { name: 'process restarted', value: (m) => m.restartedMs, promiseMs: () => null },
  { name: 'proven healthy again', value: (m) => m.provenMs, promiseMs: () => PROVEN_MS },
];

/** Everything that was not as promised, in words; empty when all was. */
export function findShortfalls({ faults, tasks, needlessRestarts }: Results): string[] {
  const late = faults.flatMap((measurement) =>
    ROWS.flatMap((row) => {
      const value = row.value(measurement);
      const promise = row.promiseMs(measurement);
      const what = `${measurement.fault.kind}: ${row.name}`;
      if (value === null) return [`${what}: did not happen`];
      return promise !== null && value > promise ? [`${what}: ${seconds(value)}, promised ${seconds(promise)}`] : [];
    }),
  );
  const twice = faults
    .filter(({ restarts }) => restarts > 1)
    .map(({ fault, restarts }) => `${fault.kind}: restarted ${restarts} times`);
  const lost = tasks.lost > 0 ? [`${tasks.lost} of ${tasks.sent} tasks lost`] : [];
  const needless = needlessRestarts > 0 ? [`${needlessRestarts} restarts of components that were well`] : [];
  return [...late, ...twice, ...lost, ...needless];
}

/** The closing table as text. */
export function renderTable({ faults, tasks }: Results): string {
  const header = ['event', ...faults.map(({ fault }) => fault.kind), 'promise'];
  const body = ROWS.map((row) => [
    row.name,
    ...faults.map((measurement) => seconds(row.value(measurement))),
    joinPromises(faults.map(row.promiseMs)),
  ]);
  const widths = header.map((_, column) => Math.max(...[header, ...body].map((cells) => cells[column]?.length ?? 0)));
  const lines = [header, ...body].map((cells) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('   '),
  );
  lines.splice(1, 0, widths.map((width) => '─'.repeat(width)).join('   '));
  const { sent, firstTry, secondTry, lost, attempts } = tasks;
  const counted = `tasks: ${sent} sent, ${firstTry} answered at first try, ${secondTry} at second, ${lost} lost (${attempts} attempts)`;
  return [...lines, '', counted].map((line) => `  ${line}`.trimEnd()).join('\n');
}

const seconds = (ms: number | null): string => (ms === null ? '–' : `${(ms / 1_000).toFixed(1)} s`);

/** One figure when all columns share it, else one for each. */
function joinPromises(promises: readonly (number | null)[]): string {
  const [first = null] = promises;
  if (first === null) return '–';
  return new Set(promises).size === 1
    ? `${first / 1_000} s`
    : `${promises.map((ms) => (ms ?? 0) / 1_000).join(' / ')} s`;
}
