import { resolveUrl } from '../outbound/resolve-url.ts';
import type { Registration } from './registration.ts';

/** The absolute URL of the health check. Without a check: `endpoint`. When invalid: the value as registered. */
export function healthUrlOf({ endpoint, healthCheck }: Registration): string {
  const registered = healthCheck?.endpoint ?? endpoint;
  return resolveUrl(registered, endpoint)?.href ?? registered;
}

/** Whether work and health checks go to the same address, so that what is known about one holds for the other. */
export const isSameAddress = (a: Registration, b: Registration): boolean =>
  a.endpoint === b.endpoint && healthUrlOf(a) === healthUrlOf(b);
