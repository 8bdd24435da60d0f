/** Epoch ms of a moment in a query that was checked. */
export const fromIso = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Date.parse(text);
