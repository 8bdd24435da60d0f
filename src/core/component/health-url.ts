/** The URL that a component's health check asks; empty where it has none, what was registered where that is no URL. */
import type { Registration } from './registration.ts';

export function healthUrlOf({ endpoint, healthCheck }: Registration): string {
  const registered = healthCheck?.endpoint ?? '';
  return URL.parse(registered, endpoint)?.href ?? registered;
}
