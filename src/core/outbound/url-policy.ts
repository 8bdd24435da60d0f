/**
 * Policy for the URLs that the service stores, returns to callers of the routing API, and fetches.
 *
 * A URL is checked as *parsed*, because spellings such as `0x7f.1` become 127.0.0.1. The same URL is checked as
 * *written*, because other parsers disagree about `\`, `@`, tabs and `%`. Both checks run when a URL is stored and
 * before every fetch. The address that a public name resolves to is not visible here.
 */
import { printable } from '../printable.ts';
import { isPrivateName } from './private-names.ts';
import { isAbsolute, resolveUrl } from './resolve-url.ts';

export interface OutboundPolicy {
  /** Development only: accepts http, private hosts and any port. Unusual spellings are still refused. */
  readonly allowPrivate: boolean;
  readonly ports: readonly number[];
  /** Exact names, or `*.example.com` for its subdomains; null accepts any public host. */
  readonly hosts: readonly string[] | null;
}

export type UrlVerdict = { readonly ok: true; readonly url: URL } | { readonly ok: false; readonly message: string };

/** The ports on which Cloudflare's network speaks HTTPS. */
export const DEFAULT_PORTS: readonly number[] = [443, 2053, 2083, 2087, 2096, 8443];

const MAX_QUOTED = 80;
const MAX_HOST_CHARACTERS = 253;
/** Backslash; control, format and invisible characters; lone surrogates; every kind of space. */
const FORBIDDEN_CHARACTER = /[\\\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Z}\p{DI}]/u;
const AUTHORITY = /^https?:\/\/([^/?#]+)/i;
const AT_BEFORE_PATH = /^https?:\/\/[^/]*@/i;
const HOST_AND_PORT = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/;
const PORT = /^[1-9]\d{0,4}$/;
const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;
/** A bare `xn--` is invalid punycode, but not every parser rejects it. */
const LABEL = /^(?!xn--$)[a-z0-9_-]{1,63}$/;
const ASCII = /^[!-~]*$/;

/** Checks `value`: a URL or, with `base`, a path on that URL. */
export function judgeUrl(value: string, policy: OutboundPolicy, base?: string): UrlVerdict {
  const absolute = isAbsolute(value) ? value : base;
  const textFault = faultOfText(value) ?? (base === undefined || absolute !== base ? null : faultOfText(base));
  if (textFault) return refuse(textFault);
  const url = resolveUrl(value, base);
  if (!url || absolute === undefined) return refuse(`not a URL: ${JSON.stringify(printable(value, MAX_QUOTED))}`);
  if (value.startsWith('//')) return refuse('a URL without its scheme is not accepted, write https:// before it');
  const fault =
    faultOfScheme(url, policy) ??
    faultOfAuthority(absolute) ??
    (policy.allowPrivate ? null : faultOfAddress(url.hostname)) ??
    faultOfHost(absolute, url.hostname) ??
    (policy.allowPrivate ? null : faultOfPublicAddress(url, policy)) ??
    faultOfAllowList(url.hostname, policy.hosts);
  return fault === null ? { ok: true, url } : refuse(fault);
}

type Fault = string | null;

const refuse = (message: string): UrlVerdict => ({ ok: false, message });

function faultOfText(text: string): Fault {
  const codePoint = FORBIDDEN_CHARACTER.exec(text)?.[0].codePointAt(0);
  if (codePoint === undefined) return null;
  if (codePoint === 0x5c) return 'a URL with a backslash is not accepted';
  const name = `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`;
  return `a URL with whitespace, control or invisible characters is not accepted, received ${name}`;
}

function faultOfScheme(url: URL, policy: OutboundPolicy): Fault {
  if (url.protocol === 'https:' || (policy.allowPrivate && url.protocol === 'http:')) return null;
  return `https is required, received ${printable(url.protocol, MAX_QUOTED)}//`;
}

function faultOfAuthority(absolute: string): Fault {
  // Also refuses `https://good.com#@evil.com`: some parsers search for `@` before they search for `#`.
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
  if (!isWrittenAsParsed(written.split('.'), host.split('.'))) {
    return `the host must be written as it is parsed, ${quoteHost(host)}`;
  }
  const name = withoutFinalDot(host);
  if (name.length > MAX_HOST_CHARACTERS) {
    return `a host name has at most ${MAX_HOST_CHARACTERS} characters, received ${name.length}`;
  }
  if (name.split('.').every((label) => LABEL.test(label))) return null;
  return `${quoteHost(host)} is not a public host name: each part has 1 to 63 of a-z, 0-9, "-", "_"`;
}

/** Accepts only differences due to punycode. `１２７.0.0.1`, `127.1` and `printer。local` parse to other hosts. */
const isWrittenAsParsed = (written: readonly string[], parsed: readonly string[]): boolean =>
  written.length === parsed.length &&
  written.every((label, index) =>
    ASCII.test(label) ? label.toLowerCase() === parsed[index] : (parsed[index]?.startsWith('xn--') ?? false),
  );

function faultOfPublicAddress(url: URL, policy: OutboundPolicy): Fault {
  const name = withoutFinalDot(url.hostname);
  if (isPrivateName(name)) return `${quoteHost(name)} is not a public host name`;
  const port = url.port === '' ? 443 : Number(url.port);
  return policy.ports.includes(port) ? null : `port ${port} is not accepted, only ${policy.ports.join(', ')}`;
}

function faultOfAllowList(host: string, hosts: readonly string[] | null): Fault {
  const name = withoutFinalDot(host);
  const isListed = (entry: string): boolean =>
    entry.startsWith('*.') ? name.endsWith(entry.slice(1).toLowerCase()) : name === entry.toLowerCase();
  return hosts === null || hosts.some(isListed) ? null : `${quoteHost(name)} is not among the hosts accepted here`;
}

const withoutFinalDot = (host: string): string => host.replace(/\.$/, '');
const quoteHost = (host: string): string => printable(host, MAX_QUOTED);
