/** Epoch ms of a validated ISO timestamp in a query. */
export const fromIso = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Date.parse(text);
