/** Author of a change, as the audit records it. Never contains the secret of a key. */
export interface Actor {
  /** Id of the key; `root` for the admin key of the deployment, `system` for the coordinator itself. */
  readonly keyId: string;
  readonly keyName: string;
  /** Address of the caller, if known. */
  readonly address: string | null;
  /** The `x-request-id` of the call. */
  readonly requestId: string;
}

/** The coordinator itself, for changes that follow from other changes. */
export const SYSTEM: Actor = { keyId: 'system', keyName: 'system', address: null, requestId: '' };
