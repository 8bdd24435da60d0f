/** Authenticated caller: the verified key, without its secret. */
import type { Scope } from './scope.ts';

export interface Principal {
  /** Id of the key; `root` for the admin key of the deployment. */
  readonly keyId: string;
  readonly keyName: string;
  readonly scopes: readonly Scope[];
  /**
   * What bounds of concurrency count: the registrar's key for a key that was issued under it, the key itself otherwise.
   * A registrar thus gains nothing by using the keys of its components.
   */
  readonly accountId: string;
}

const ROOT_KEY_ID = 'root';

/** The holder of the admin key of the deployment. */
export const ROOT: Principal = {
  keyId: ROOT_KEY_ID,
  keyName: 'admin key',
  scopes: [{ kind: 'admin' }],
  accountId: ROOT_KEY_ID,
};
