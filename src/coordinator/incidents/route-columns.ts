/** Columns `priority` and `targets` of a table of incidents: null for none given, and for every channel. */
import type { AlertPriority, AlertRoute } from '../../core/incident/alert-route.ts';

// oxlint-disable-next-line typescript/consistent-type-definitions -- a type literal is assignable to a row of SQLite
export type RouteColumns = { priority: string | null; targets: string | null };

/** Ids of webhooks contain no comma. */
const SEPARATOR = ',';

/** Adds the columns to a table from before they existed. */
export function addRouteColumns(
  sql: SqlStorage,
  table: string,
  columns: readonly (keyof RouteColumns)[] = ['priority', 'targets'],
): void {
  const known = sql.exec<{ name: string }>('SELECT name FROM pragma_table_info(?)', table).toArray();
  for (const column of columns)
    if (!known.some(({ name }) => name === column)) sql.exec(`ALTER TABLE ${table} ADD COLUMN ${column} TEXT`);
}

export const storedTargets = ({ targets }: Pick<AlertRoute, 'targets'>): string | null =>
  targets?.join(SEPARATOR) ?? null;

export const toRoute = ({ priority, targets }: RouteColumns): AlertRoute => ({
  priority: priority as AlertPriority | null,
  targets: targets?.split(SEPARATOR) ?? null,
});
