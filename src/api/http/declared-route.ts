/** The declaration of a route in the OpenAPI document. Guards compare each call with the declaration of its route. */
import type { Permission } from '../../core/access/permission.ts';

export interface DeclaredRoute {
  readonly permission: Permission | undefined;
  /** Names of the query parameters; null if the route judges them itself. */
  readonly query: ReadonlySet<string> | null;
  /** Names of the request headers. */
  readonly headers: ReadonlySet<string>;
  readonly body: 'none' | 'optional' | 'required';
}
