/**
 * Which scopes may do what, and how far they reach. Every route declares one permission; what is not
 * granted here is denied.
 */
import type { Scope } from './scope.ts';

/** What a route asks for. */
export type Permission =
  /** Nothing: no key is needed. */
  | 'public'
  /** Any valid key. */
  | 'any-key'
  /** To see the fleet, its history and its events. */
  | 'read'
  /** To see one component. */
  | 'read-component'
  /** To ask where work goes. */
  | 'route'
  /** To say that a component failed. */
  | 'report'
  /** To register a component. */
  | 'register'
  /** To change, remove, check or speak for a component. */
  | 'change-component'
  /** To work on what the fleet does: recoveries, incidents. */
  | 'operate'
  /** Keys and audit. */
  | 'administer';

/** Which components a caller may touch under a permission. */
export type AccessScope =
  | { readonly kind: 'all' }
  | {
      readonly kind: 'own';
      /** By a component's own key. */
      readonly ids: ReadonlySet<string>;
      /** By a registrar's key: types it may register in. */
      readonly types: ReadonlySet<string>;
      /** Id of the registrar's key: it reaches what it registered. Null when it is none. */
      readonly owner: string | null;
    };

type Grant = 'all' | 'own' | 'none';

/** Kinds of scope that reach everything, and kinds that reach their own, under each permission. */
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

/** How far a key with these scopes reaches under a permission; null when it may not at all. */
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
 * Which owner a component must have to be touched: null for any, undefined when the id is out of reach
 * whoever owns it.
 */
export function ownerFilter(reach: AccessScope, id: string): OwnerFilter | undefined {
  if (reach.kind === 'all' || reach.ids.has(id)) return null;
  return reach.owner ?? undefined;
}

/** Id of the registrar's key that must have registered a component for it to be found; null for any. */
export type OwnerFilter = string | null;
