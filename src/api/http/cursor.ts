/** List cursors: opaque to callers, a position in a list here. A cursor that does not decode is refused. */
import type { PagePosition } from '../../history/page.ts';

export const encodeListCursor = (place: PagePosition | null): string | null => place && btoa(`${place.at}:${place.id}`);

/** The position that a cursor encodes; null without a cursor, undefined when it is invalid. */
export function decodeListCursor(cursor: string | undefined): PagePosition | null | undefined {
  if (cursor === undefined) return null;
  try {
    const match = /^(\d{1,16}):([\w.-]{1,200})$/.exec(atob(cursor));
    return match ? { at: Number(match[1]), id: match[2]! } : undefined;
  } catch {
    // Not base64, so not a cursor of this API.
    return undefined;
  }
}
