/** The key or session that a call presents. */

/** The key in an Authorization header; '' when there is none. */
export const bearerKeyIn = (header: string): string =>
  // As nearly everybody writes it; a key has no space in it, so more than one word is none of ours.
  header.startsWith('Bearer ') && header.indexOf(' ', 7) === -1
    ? header.slice(7)
    : (/^Bearer +(\S+)$/i.exec(header)?.[1] ?? '');
