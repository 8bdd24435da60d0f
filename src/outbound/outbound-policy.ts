/**
 * What this deployment may fetch, from its settings. What is malformed narrows: a port list that cannot be
 * read is the default one, a host list without a readable entry allows no host.
 */
import type { OutboundPolicy } from '../core/outbound/url-policy.ts';
import { DEFAULT_PORTS } from '../core/outbound/url-policy.ts';

export interface OutboundSettings {
  /** `true` in development only. */
  readonly ALLOW_PRIVATE_ENDPOINTS?: string;
  /** Comma separated: `api.example.com, *.example.org`; empty is any public host. */
  readonly OUTBOUND_HOSTS?: string;
  /** Comma separated; empty is Cloudflare's HTTPS ports. */
  readonly OUTBOUND_PORTS?: string;
}

const HOST = /^(\*\.)?([^\s/\\?#@:%*[\]]+|\[[0-9a-f:.]+\])$/i;
const PORT = /^[1-9]\d{0,4}$/;
const MAX_PORT = 65_535;

export const outboundPolicyOf = (settings: OutboundSettings): OutboundPolicy => ({
  allowPrivate: settings.ALLOW_PRIVATE_ENDPOINTS === 'true',
  ports: readPorts(settings.OUTBOUND_PORTS ?? ''),
  hosts: readHosts(settings.OUTBOUND_HOSTS ?? ''),
});

const entriesOf = (list: string): string[] => list.split(',').map((entry) => entry.trim());

function readPorts(list: string): readonly number[] {
  if (list.trim() === '') return DEFAULT_PORTS;
  const entries = entriesOf(list);
  const areValid = entries.every((entry) => PORT.test(entry) && Number(entry) <= MAX_PORT);
  return areValid ? entries.map(Number) : DEFAULT_PORTS;
}

function readHosts(list: string): readonly string[] | null {
  if (list.trim() === '') return null;
  return entriesOf(list).flatMap((entry) => {
    const [, wildcard = '', name] = HOST.exec(entry) ?? [];
    // By the parser, so that an entry is spelled as the hosts it is compared with: lower case, punycode.
    const host = name === undefined ? undefined : URL.parse(`https://${name}`)?.hostname.replace(/\.$/, '');
    return host ? [`${wildcard}${host}`] : [];
  });
}
