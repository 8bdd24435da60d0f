/**
 * Redaction of health-check header values, which may be secrets.
 *
 * Every response, event and audit entry shows a value as `***`. A registration that sends `***` back keeps the stored
 * value, but only for the same origin. Otherwise a key that may change a component could redirect a secret to another
 * server.
 */
import type { Result } from '../result.ts';
import { fail, ok } from '../result.ts';
import { healthUrlOf } from './health-url.ts';
import type { Registration } from './registration.ts';

/** Characters of a value, or of a token behind `Bearer`, from which on it is masked within longer text, too. */
const MIN_SECRET = 8;

type Headers = Readonly<Record<string, string>>;

const REDACTED = '***';

/** Replaces every header value with `***`. */
export const redactHeaderValues = (registration: Registration): Registration =>
  withHeaders(registration, () => REDACTED);

/** Replaces each `***` with the stored value; fails when there is none, or when the origin has changed. */
export function restoreHeaderValues(
  registration: Registration,
  stored: Registration | null,
): Result<Registration, 'header-value-unknown'> {
  const redacted = headersOf(registration).filter(([, value]) => value === REDACTED);
  if (redacted.length === 0) return ok(registration);
  const known = stored?.healthCheck?.headers ?? {};
  const unresolved = redacted.find(([name]) => !Object.hasOwn(known, name));
  if (unresolved)
    return fail('header-value-unknown', `${REDACTED} keeps a stored value, but ${unresolved[0]} has none`);
  if (stored && originOf(stored) !== originOf(registration)) {
    return fail('header-value-unknown', 'the health check goes to another server: send its header values again');
  }
  return ok(withHeaders(registration, (name, value) => (value === REDACTED ? known[name]! : value)));
}

/**
 * Returns a function that replaces the values of `headers` by `***` in text of a component, which may repeat the
 * headers of a request. A short value is replaced only where it is the whole text.
 */
export function maskHeaderValues(headers: Headers): (text: string) => string {
  const values = Object.values(headers);
  const secrets = values
    .flatMap((value) => [value, value.slice(value.lastIndexOf(' ') + 1)])
    .filter((secret) => secret.length >= MIN_SECRET)
    .toSorted((a, b) => b.length - a.length);
  return (text) =>
    values.includes(text) ? REDACTED : secrets.reduce((shown, secret) => shown.replaceAll(secret, REDACTED), text);
}

/** Both sides of a change for the audit. A changed header value reads `*** changed`. */
export function redactForAudit(
  before: Registration | null,
  after: Registration | null,
): [Registration | null, Registration | null] {
  const known: Headers = before?.healthCheck?.headers ?? {};
  const isChanged = (name: string, value: string): boolean => Object.hasOwn(known, name) && known[name] !== value;
  return [
    before && redactHeaderValues(before),
    after && withHeaders(after, (name, value) => (isChanged(name, value) ? `${REDACTED} changed` : REDACTED)),
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
