/**
 * Which URLs we agree to store, to hand to callers of the routing API, and to fetch.
 *
 * Judged twice over: as *parsed*, because `0x7f.1` and its like all become 127.0.0.1, and as *written*, because
 * others read the same text with parsers that disagree with ours about `\`, `@`, tabs and `%`. Judged when
 * stored and again before every fetch. What a public name resolves to cannot be seen from here.
 */
import { printable } from '../printable.ts';
import { isPrivateName } from './private-names.ts';

export interface OutboundPolicy {
  /** Development only: http, private hosts and any port pass. Odd spellings still do not. */
  readonly allowPrivate: boolean;
  readonly ports: readonly number[];
  /** Exact names, or `*.example.com` for what is below it; null is any public host. */
  readonly hosts: readonly string[] | null;
}

export type UrlVerdict = { readonly ok: true; readonly url: URL } | { readonly ok: false; readonly message: string };

/** The ports on which Cloudflare's network speaks HTTPS. */
export const DEFAULT_PORTS: readonly number[] = [443, 2053, 2083, 2087, 2096, 8443];

const MAX_QUOTED = 80;
const MAX_HOST_CHARACTERS = 253;
/** Backslash; control, format and invisible characters; lone surrogates; every kind of space. */
const NOT_PLAIN = /[\\\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Z}\p{DI}]/u;
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;
const AUTHORITY = /^https?:\/\/([^/?#]+)/i;
const AT_BEFORE_PATH = /^https?:\/\/[^/]*@/i;
const HOST_AND_PORT = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/;
const PORT = /^[1-9]\d{0,4}$/;
const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;
/** `xn--` alone is punycode of nothing; not every parser says so. */
const LABEL = /^(?!xn--$)[a-z0-9_-]{1,63}$/;
const ASCII = /^[!-~]*$/;

/** Judges `value`, a URL or (with `base`, itself a URL) a path on another. */
export function judgeUrl(value: string, policy: OutboundPolicy, base?: string): UrlVerdict {
  const absolute = SCHEME.test(value) ? value : base;
  const unplain = faultOfText(value) ?? (base === undefined || absolute !== base ? null : faultOfText(base));
  if (unplain) return refuse(unplain);
  const url = absolute === undefined ? null : URL.parse(value, base);
  if (!url || absolute === undefined) return refuse(`not a URL: ${JSON.stringify(printable(value, MAX_QUOTED))}`);
  if (value.startsWith('//')) return refuse('a URL without its scheme is not accepted, write https:// before it');
  const fault =
    faultOfScheme(url, policy) ??
    faultOfAuthority(absolute) ??
    (policy.allowPrivate ? null : faultOfAddress(url.hostname)) ??
    faultOfHost(absolute, url.hostname) ??
    (policy.allowPrivate ? null : faultOfReach(url, policy)) ??
    faultOfList(url.hostname, policy.hosts);
  return fault === null ? { ok: true, url } : refuse(fault);
}

type Fault = string | null;

const refuse = (message: string): UrlVerdict => ({ ok: false, message });

function faultOfText(text: string): Fault {
  const found = NOT_PLAIN.exec(text)?.[0].codePointAt(0);
  if (found === undefined) return null;
  if (found === 0x5c) return 'a URL with a backslash is not accepted';
  const name = `U+${found.toString(16).toUpperCase().padStart(4, '0')}`;
  return `a URL with whitespace, control or invisible characters is not accepted, received ${name}`;
}

function faultOfScheme(url: URL, policy: OutboundPolicy): Fault {
  if (url.protocol === 'https:' || (policy.allowPrivate && url.protocol === 'http:')) return null;
  return `https is required, received ${printable(url.protocol, MAX_QUOTED)}//`;
}

function faultOfAuthority(absolute: string): Fault {
  // `https://good.com#@evil.com` too: some parsers look for the `@` before they look for the `#`.
  if (AT_BEFORE_PATH.test(absolute)) return 'a URL with credentials, or any @ before its path, is not accepted';
  const authority = AUTHORITY.exec(absolute)?.[1];
  if (authority === undefined) return 'a URL must be written with // and a host after its scheme';
  if (authority.includes('%')) return 'a percent sign in the host is not accepted, write the host plainly';
  const port = HOST_AND_PORT.exec(authority)?.[2];
  return port === undefined || PORT.test(port) ? null : 'the port must be 1 to 65535, written without leading zeros';
}

function faultOfAddress(host: string): Fault {
  const isAddress = host.startsWith('[') || IPV4.test(host);
  return isAddress ? 'an IP address is not accepted, use a public host name' : null;
}

function faultOfHost(absolute: string, host: string): Fault {
  if (host.startsWith('[')) return null;
  const written = HOST_AND_PORT.exec(AUTHORITY.exec(absolute)?.[1] ?? '')?.[1] ?? '';
  if (!isWrittenAsRead(written.split('.'), host.split('.'))) {
    return `the host must be written as it is read, ${quoteHost(host)}`;
  }
  const name = withoutFinalDot(host);
  if (name.length > MAX_HOST_CHARACTERS) {
    return `a host name has at most ${MAX_HOST_CHARACTERS} characters, received ${name.length}`;
  }
  if (name.split('.').every((label) => LABEL.test(label))) return null;
  return `${quoteHost(host)} is not a public host name: each part has 1 to 63 of a-z, 0-9, "-", "_"`;
}

/** Only punycode may come between: `１２７.0.0.1`, `127.1`, `printer。local` are not what they are read as. */
const isWrittenAsRead = (written: readonly string[], read: readonly string[]): boolean =>
  written.length === read.length &&
  written.every((label, index) =>
    ASCII.test(label) ? label.toLowerCase() === read[index] : (read[index]?.startsWith('xn--') ?? false),
  );

function faultOfReach(url: URL, policy: OutboundPolicy): Fault {
  const name = withoutFinalDot(url.hostname);
  if (isPrivateName(name)) return `${quoteHost(name)} is not a public host name`;
  const port = url.port === '' ? 443 : Number(url.port);
  return policy.ports.includes(port) ? null : `port ${port} is not accepted, only ${policy.ports.join(', ')}`;
}

function faultOfList(host: string, hosts: readonly string[] | null): Fault {
  const name = withoutFinalDot(host);
  const isListed = (entry: string): boolean =>
    entry.startsWith('*.') ? name.endsWith(entry.slice(1).toLowerCase()) : name === entry.toLowerCase();
  return hosts === null || hosts.some(isListed) ? null : `${quoteHost(name)} is not among the hosts accepted here`;
}

const withoutFinalDot = (host: string): string => host.replace(/\.$/, '');
const quoteHost = (host: string): string => printable(host, MAX_QUOTED);
