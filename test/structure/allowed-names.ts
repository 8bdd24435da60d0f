/** Names in src that hold a retired word all the same, each with the reason: stored rows and public JSON keep them. */
export const ALLOWED_NAMES: ReadonlyMap<string, string> = new Map([]);
