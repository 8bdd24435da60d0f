/** Structured error logs: one JSON object per line, as Workers Logs indexes them. */

/** Logs `message` with its fields. An `error` field is written as text; no field may hold a secret. */
export function logError(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
  const { error, ...rest } = fields;
  const written = error instanceof Error ? String(error) : error;
  console.error(JSON.stringify({ message, ...rest, ...(error === undefined ? {} : { error: written }) }));
}
