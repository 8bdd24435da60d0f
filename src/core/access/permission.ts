/**
 * Permissions: the operations that each key scope allows, and on which components. Every route declares one permission.
 *
 * Invariant: access that is not granted here is denied.
 */
import type { Scope } from './scope.ts';

/** Permission that a route requires. */
export type Permission =
  /** No key required. */
  | 'public'
  /** Any valid key. */
  | 'any-key'
  /** Read components, history and events. */
  | 'read'
  /** Read one component. */
  | 'read-component'
  /** Route work. */
  | 'route'
  /** Report the failure of a component. */
  | 'report'
  /** Register a component. */
  | 'register'
  /** Change, remove or check a component, or act on its behalf. */
  | 'change-component'
  /** Operate: recoveries, incidents. */
  | 'operate'
  /** Keys and audit. */
  | 'administer';

/** Components that a caller may access under a permission. */
export type AccessScope =
  | { readonly kind: 'all' }
  | {
      readonly kind: 'own';
      /** Component ids, from `component:<id>` scopes. */
      readonly ids: ReadonlySet<string>;
      /** Component types that the key may register in, from `registrar:<type>` scopes. */
      readonly types: ReadonlySet<string>;
      /** Id of the registrar's key, which may access the components that it registered; null for other keys. */
      readonly owner: string | null;
    };

type Grant = 'all' | 'own' | 'none';

/** Grant of each kind of scope under each permission: on all components, on its own ones, or none. */
const GRANTS: Readonly<Record<Permission, Readonly<Record<Scope['kind'], Grant>>>> = {
  public: grants('all', 'all', 'all', 'all', 'all', 'all'),
  'any-key': grants('all', 'all', 'all', 'all', 'all', 'all'),
  read: grants('all', 'none', 'none', 'none', 'all', 'all'),
  'read-component': grants('all', 'none', 'own', 'own', 'all', 'all'),
  route: grants('none', 'all', 'none', 'none', 'all', 'all'),
  report: grants('none', 'all', 'own', 'own', 'all', 'all'),
  register: grants('none', 'none', 'own', 'own', 'all', 'all'),
  'change-component': grants('none', 'none', 'own', 'own', 'all', 'all'),
  operate: grants('none', 'none', 'none', 'none', 'all', 'all'),
  administer: grants('none', 'none', 'none', 'none', 'none', 'all'),
};

function grants(viewer: Grant, router: Grant, component: Grant, registrar: Grant, operator: Grant, admin: Grant) {
  return { viewer, router, component, registrar, operator, admin };
}

const ALL: AccessScope = { kind: 'all' };

/** Returns the access scope of a key under a permission; null if the key lacks the permission. */
export function accessScopeOf(scopes: readonly Scope[], keyId: string, permission: Permission): AccessScope | null {
  const granted = GRANTS[permission];
  const own = scopes.filter((scope) => granted[scope.kind] === 'own');
  if (scopes.some((scope) => granted[scope.kind] === 'all')) return ALL;
  if (own.length === 0) return null;
  const ids = new Set(own.flatMap((scope) => (scope.kind === 'component' ? [scope.id] : [])));
  const types = new Set(own.flatMap((scope) => (scope.kind === 'registrar' ? [scope.type] : [])));
  return { kind: 'own', ids, types, owner: types.size > 0 ? keyId : null };
}

/**
 * Returns the owner that a component must have to be accessible: null for any, undefined if the id is inaccessible with
 * any owner.
 */
export function ownerFilter(scope: AccessScope, id: string): OwnerFilter | undefined {
  if (scope.kind === 'all' || scope.ids.has(id)) return null;
  return scope.owner ?? undefined;
}

/** Id of the registrar's key that must have registered the component; null for any. */
export type OwnerFilter = string | null;
