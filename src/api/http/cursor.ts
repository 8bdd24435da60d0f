/** Cursors: opaque to callers, a place in a list to us. A cursor that is not ours starts nothing and is refused. */
import type { Place } from '../../history/page.ts';

export const encodePlace = (place: Place | null): string | null => place && btoa(`${place.at}:${place.id}`);

/** The place a cursor names; null without a cursor, undefined when it is not one of ours. */
export function decodePlace(cursor: string | undefined): Place | null | undefined {
  if (cursor === undefined) return null;
  try {
    const match = /^(\d{1,16}):([\w.-]{1,200})$/.exec(atob(cursor));
    return match ? { at: Number(match[1]), id: match[2]! } : undefined;
  } catch {
    // Not base64: not ours.
    return undefined;
  }
}
