/** Request id, which correlates the caller's log with the log of this deployment. */

/** An id that the caller sent is kept when it has this form. */
const ACCEPTED_ID = /^[\w-]{8,64}$/;

export const requestIdOf = (presented: string | undefined): string =>
  presented !== undefined && ACCEPTED_ID.test(presented) ? presented : crypto.randomUUID();
