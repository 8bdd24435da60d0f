/**
 * Values of the headers that go along with health checks: they may be secrets, so nobody is shown one.
 *
 * In every answer, event and audit entry they read `***`. Whoever sends that back keeps the value that is stored, but
 * only towards the server it was registered for: a key that may change a component must not learn a value by having it
 * sent somewhere else.
 */
import type { Result } from '../result.ts';
import { fail, ok } from '../result.ts';
import { healthUrlOf } from './health-url.ts';
import type { Registration } from './registration.ts';

type Headers = Readonly<Record<string, string>>;

const HIDDEN = '***';

/** The registration as it is shown. */
export const withoutHeaderValues = (registration: Registration): Registration =>
  withHeaders(registration, () => HIDDEN);

/** The registration with what is stored in place of each `***`. */
export function keepHeaderValues(
  registration: Registration,
  stored: Registration | null,
): Result<Registration, 'header-value-unknown'> {
  const kept = headersOf(registration).filter(([, value]) => value === HIDDEN);
  if (kept.length === 0) return ok(registration);
  const known = stored?.healthCheck?.headers ?? {};
  const unknown = kept.find(([name]) => !Object.hasOwn(known, name));
  if (unknown) return fail('header-value-unknown', `${HIDDEN} keeps a value, and ${unknown[0]} has none`);
  if (stored && originOf(stored) !== originOf(registration)) {
    return fail('header-value-unknown', 'the health check goes to another server: its headers need their values anew');
  }
  return ok(withHeaders(registration, (name, value) => (value === HIDDEN ? known[name]! : value)));
}

/** Both sides of a change as the audit may keep them: of a header's value only that it changed. */
export function auditableSides(
  before: Registration | null,
  after: Registration | null,
): [Registration | null, Registration | null] {
  const known: Headers = before?.healthCheck?.headers ?? {};
  const isChanged = (name: string, value: string): boolean => Object.hasOwn(known, name) && known[name] !== value;
  return [
    before && withoutHeaderValues(before),
    after && withHeaders(after, (name, value) => (isChanged(name, value) ? `${HIDDEN} changed` : HIDDEN)),
  ];
}

function withHeaders(registration: Registration, valueOf: (name: string, value: string) => string): Registration {
  const { healthCheck } = registration;
  if (!healthCheck?.headers) return registration;
  const headers = headersOf(registration).map(([name, value]) => [name, valueOf(name, value)] as const);
  return { ...registration, healthCheck: { ...healthCheck, headers: Object.fromEntries(headers) } };
}

const headersOf = ({ healthCheck }: Registration): [string, string][] => Object.entries(healthCheck?.headers ?? {});

const originOf = (registration: Registration): string => URL.parse(healthUrlOf(registration))?.origin ?? '';
