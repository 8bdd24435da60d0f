/**
 * Client address as a subject of rate limits: an IPv4 address itself, an IPv6 address as its /64. One caller owns a
 * whole /64 and could use a new address for every call.
 */
const GROUPS_OF_NETWORK = 4;
const GROUPS = 8;

export function addressGroup(address: string | undefined): string {
  if (address === undefined || address === '') return 'unknown';
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.toLowerCase().split('::');
  const first = groupsOf(head);
  const last = tail === undefined ? [] : groupsOf(tail);
  // A trailing IPv4 address occupies two groups.
  const known = first.length + last.length + (address.includes('.') ? 1 : 0);
  const gap = Array.from({ length: Math.max(0, GROUPS - known) }, () => '0');
  const network = [...first, ...gap, ...last].slice(0, GROUPS_OF_NETWORK);
  // ::ffff:192.0.2.1 is an IPv4 address: its /64 would be common to all IPv4 addresses.
  if (address.includes('.') && network.every((group) => group === '0'))
    return address.slice(address.lastIndexOf(':') + 1);
  return `${network.join(':')}::/64`;
}

const groupsOf = (text: string): string[] =>
  text === '' ? [] : text.split(':').map((group) => group.replace(/^0+(?=.)/, ''));
