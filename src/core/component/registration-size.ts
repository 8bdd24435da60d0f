/** The memory that a component needs for its registration, and that the components of one type may need together. */
import { utf8Length } from '../bounded-page.ts';
import { MAX_KEPT_BYTES } from '../health/response/kept-response.ts';
import { detailsOf } from './health-check.ts';
import type { Registration } from './registration.ts';

/**
 * The registry holds the registrations of its type in memory, and so does every isolate that routes to the type, beside
 * other types: as text, and the metadata also as data. The registry also holds the responses that registrations keep.
 * An object and an isolate have 128 MB each.
 */
export const MAX_TYPE_BYTES = 33_554_432;

/** Registrations are immutable, so each is measured once. */
const sizes = new WeakMap<Registration, number>();

/** Bytes by which a registration needs more than the one that it replaces; negative when it needs less. */
export const growthBy = (registration: Registration, replaced: Registration | undefined): number =>
  heldBytes(registration) - (replaced ? heldBytes(replaced) : 0);

/** Bytes that the registry holds for a registration: its JSON, and the largest response that it may keep. */
export const heldBytes = (registration: Registration): number =>
  registrationBytes(registration) + (detailsOf(registration.healthCheck) === false ? 0 : MAX_KEPT_BYTES);

/** Size as JSON, bytes of UTF-8. */
export function registrationBytes(registration: Registration): number {
  const known = sizes.get(registration);
  if (known !== undefined) return known;
  const bytes = utf8Length(JSON.stringify(registration));
  sizes.set(registration, bytes);
  return bytes;
}
