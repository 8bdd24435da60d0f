/** Index of a snapshot as an ETag. The ETag is weak because loads change without a new index. */
export const etagOfIndex = (index: number): string => `W/"${index}"`;

/** The index in the first ETag of If-None-Match; null when that is not an index. */
export function entityIndex(header: string | undefined): number | null {
  const match = /^\s*(?:W\/)?"(\d{1,15})"/.exec(header ?? '');
  return match ? Number(match[1]) : null;
}
