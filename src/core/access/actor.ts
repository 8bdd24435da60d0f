/** Who does something, as the audit keeps it. Never carries a key's secret. */
export interface Actor {
  /** Id of the key, `root` for the admin key of the deployment, `system` for ourselves. */
  readonly keyId: string;
  readonly keyName: string;
  /** Address of the caller, when it is known. */
  readonly address: string | null;
  /** The `x-request-id` of the call. */
  readonly requestId: string;
}

/** Ourselves, when something follows by itself from something else. */
export const SYSTEM: Actor = { keyId: 'system', keyName: 'system', address: null, requestId: '' };
