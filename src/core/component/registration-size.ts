/** The size of a registration as JSON, and the size that the registrations of one type may have together. */
import { utf8Length } from '../bounded-page.ts';
import type { Registration } from './registration.ts';

/**
 * The registry holds the registrations of its type in memory, and so does every isolate that routes to the type, beside
 * other types: as text, and the metadata also as data. An object and an isolate have 128 MB each.
 */
export const MAX_TYPE_BYTES = 33_554_432;

/** Registrations are immutable, so each is measured once. */
const sizes = new WeakMap<Registration, number>();

/** Bytes by which a registration is larger than the one that it replaces; negative when it is smaller. */
export const growthBy = (registration: Registration, replaced: Registration | undefined): number =>
  registrationBytes(registration) - (replaced ? registrationBytes(replaced) : 0);

/** Size in bytes of UTF-8. */
export function registrationBytes(registration: Registration): number {
  const known = sizes.get(registration);
  if (known !== undefined) return known;
  const bytes = utf8Length(JSON.stringify(registration));
  sizes.set(registration, bytes);
  return bytes;
}
