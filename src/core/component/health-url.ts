/** The absolute URL of the health check. Without a check: `endpoint`. When invalid: the value as registered. */
import type { Registration } from './registration.ts';

export function healthUrlOf({ endpoint, healthCheck }: Registration): string {
  const registered = healthCheck?.endpoint ?? '';
  return URL.parse(registered, endpoint)?.href ?? registered;
}
