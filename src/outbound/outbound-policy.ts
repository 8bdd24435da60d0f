/**
 * The outbound policy of this deployment, read from its environment. Malformed values never widen the policy: a
 * malformed port list becomes the default one, and a host list without a valid entry allows no host.
 */
import type { OutboundPolicy } from '../core/outbound/url-policy.ts';
import { DEFAULT_PORTS } from '../core/outbound/url-policy.ts';

export interface OutboundSettings {
  /** `true` in development only. */
  readonly ALLOW_PRIVATE_ENDPOINTS?: string;
  /** Comma separated, such as `api.example.com, *.example.org`; empty allows any public host. */
  readonly OUTBOUND_HOSTS?: string;
  /** Comma separated; empty allows Cloudflare's HTTPS ports. */
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
    // The URL parser normalizes the entry to the form of the hosts it is compared with: lower case, punycode.
    const host = name === undefined ? undefined : URL.parse(`https://${name}`)?.hostname.replace(/\.$/, '');
    return host ? [`${wildcard}${host}`] : [];
  });
}
