/**
 * Scopes of a key. Stored and sent as text: `viewer`, `router`, `operator`, `admin`, `component:<id>`,
 * `registrar:<type>`.
 */
export type Scope =
  | { readonly kind: 'viewer' | 'router' | 'operator' | 'admin' }
  | { readonly kind: 'component'; readonly id: string }
  | { readonly kind: 'registrar'; readonly type: string };

export type ScopeKind = Scope['kind'];

const PLAIN = new Set(['viewer', 'router', 'operator', 'admin'] as const);
const ID = /^[a-z0-9][a-z0-9._-]{0,127}$/;
const TYPE = /^[a-z][a-z0-9_]{0,63}$/;

const isPlain = (text: string): text is 'viewer' | 'router' | 'operator' | 'admin' => PLAIN.has(text as 'viewer');

/** Parses a scope; undefined for any other text. Does not check that a registrar's type exists. */
export function parseScope(text: string): Scope | undefined {
  if (isPlain(text)) return { kind: text };
  const colon = text.indexOf(':');
  const [kind, value] = [text.slice(0, colon), text.slice(colon + 1)];
  if (kind === 'component' && ID.test(value)) return { kind, id: value };
  if (kind === 'registrar' && TYPE.test(value)) return { kind, type: value };
  return undefined;
}

/** Returns the text that `parseScope` accepts. */
export function formatScope(scope: Scope): string {
  switch (scope.kind) {
    case 'component':
      return `component:${scope.id}`;
    case 'registrar':
      return `registrar:${scope.type}`;
    default:
      return scope.kind;
  }
}
