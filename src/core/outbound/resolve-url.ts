/** Resolves the URLs of a registration: absolute ones, and paths on the endpoint of the component. */

const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/** Whether `value` is a URL by itself: a path needs an endpoint. */
export const isAbsolute = (value: string): boolean => SCHEME.test(value);

/**
 * The absolute URL that `value` means. A path continues the path of `endpoint`, with or without a slash at its start:
 * `/health` on `http://gw/orders` is `http://gw/orders/health`. So the check of a component behind a gateway asks the
 * component, and not the gateway. Null when `value` is no URL.
 */
export function resolveUrl(value: string, endpoint?: string): URL | null {
  if (isAbsolute(value)) return URL.parse(value);
  const base = endpoint === undefined ? null : URL.parse(endpoint);
  if (!base) return null;
  const path = base.pathname.replace(/\/+$/, '');
  // Never resolved as a reference: `//host/path` would be another host.
  return URL.parse(
    /^[?#]|^$/.test(value)
      ? `${base.origin}${base.pathname}${value}`
      : `${base.origin}${path}/${value.replace(/^\/+/, '')}`,
  );
}
