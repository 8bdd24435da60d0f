import type { Registration } from './registration.ts';

/** Where a component takes control calls; null when it takes none. */
export const controlUrlOf = ({ control, endpoint }: Registration): string | null =>
  control ? (URL.parse(control.endpoint, endpoint)?.href ?? null) : null;
