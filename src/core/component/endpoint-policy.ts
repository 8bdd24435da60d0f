/**
 * Which URLs we agree to fetch. Judged on the *parsed* URL, because `0x7f.1`, full-width digits and
 * their like all parse to 127.0.0.1; judged when stored and again before every fetch.
 *
 * Without the development setting: https only, no credentials, no IP literal, no local name.
 */
export interface EndpointPolicy {
  /** Development only: http, localhost and private addresses are accepted. */
  readonly allowPrivate: boolean;
}

export type EndpointVerdict =
  | { readonly ok: true; readonly url: URL }
  | { readonly ok: false; readonly message: string };

/** Reserved for local use (RFC 2606, 6761, 6762, 7686, 8375; ICANN) or used so by habit. */
const LOCAL_SUFFIXES = 'localhost local localdomain internal intranet lan home home.arpa corp test invalid onion'.split(
  ' ',
);
const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;

/** Judges `value`, a URL or (with `base`) a path on another URL. */
export function judgeEndpoint(value: string, policy: EndpointPolicy, base?: string): EndpointVerdict {
  const url = URL.parse(value, base);
  if (!url) return refuse(`not a URL: ${JSON.stringify(value.slice(0, 80))}`);
  if (url.username || url.password) return refuse('a URL with credentials is not accepted');
  if (url.protocol !== 'https:' && !(policy.allowPrivate && url.protocol === 'http:')) {
    return refuse(`https is required, received ${url.protocol}//`);
  }
  if (policy.allowPrivate) return { ok: true, url };

  const host = url.hostname.replace(/\.$/, '');
  if (host.startsWith('[') || IPV4.test(host)) return refuse('an IP address is not accepted, use a public host name');
  const isLocal = LOCAL_SUFFIXES.some((suffix) => host === suffix || host.endsWith(`.${suffix}`));
  // An empty label hides a local name from the parser and from the suffixes: `127.0.0.1..`, `localhost..`.
  const labels = host.split('.');
  if (isLocal || labels.length < 2 || labels.includes('')) return refuse(`${host} is not a public host name`);
  return { ok: true, url };
}

const refuse = (message: string): EndpointVerdict => ({ ok: false, message });
