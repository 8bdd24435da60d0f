/** Parser of the Authorization header. */

/** The bearer key in an Authorization header; '' when there is none. */
export const bearerKeyIn = (header: string): string =>
  // Fast check for the common spelling. A key contains no space, so more than one word is not a key.
  header.startsWith('Bearer ') && header.indexOf(' ', 7) === -1
    ? header.slice(7)
    : (/^Bearer +(\S+)$/i.exec(header)?.[1] ?? '');
