/** Content of a session's signed cookie. */

export interface Session {
  readonly keyId: string;
  /** SHA-256 of the key that opened the session, hex. */
  readonly digest: string;
  /** Epoch ms. */
  readonly expiresAt: number;
  readonly csrfToken: string;
}
