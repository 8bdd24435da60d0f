/** The index of a snapshot as an ETag: a weak one, because loads move without it. */
export const etagOfIndex = (index: number): string => `W/"${index}"`;

/** The index that If-None-Match names first; null without one of ours. */
export function entityIndex(header: string | undefined): number | null {
  const match = /^\s*(?:W\/)?"(\d{1,15})"/.exec(header ?? '');
  return match ? Number(match[1]) : null;
}
