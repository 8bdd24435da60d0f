/** What a caller's log and ours are laid side by side by. */

/** A caller's own id is kept when it is a plain one. */
const ACCEPTED_ID = /^[\w-]{8,64}$/;

export const requestIdOf = (given: string | undefined): string =>
  given !== undefined && ACCEPTED_ID.test(given) ? given : crypto.randomUUID();
