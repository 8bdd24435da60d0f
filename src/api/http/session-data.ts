/** What the signed cookie of a session holds. */

export interface Session {
  readonly keyId: string;
  /** SHA-256 of the key it was opened with, hex. */
  readonly digest: string;
  /** Epoch ms */
  readonly expiresAt: number;
  readonly csrfToken: string;
}
