/**
 * Whose address it is, for limits: an IPv4 address as it stands, of an IPv6 address the /64, because one
 * caller has all of it and could take a new address for every call.
 */
const GROUPS_OF_NETWORK = 4;
const GROUPS = 8;

export function addressGroup(address: string | undefined): string {
  if (address === undefined || address === '') return 'unknown';
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.toLowerCase().split('::');
  const first = groupsOf(head);
  const last = tail === undefined ? [] : groupsOf(tail);
  // An IPv4 address at the end takes the room of two groups.
  const known = first.length + last.length + (address.includes('.') ? 1 : 0);
  const gap = Array.from({ length: Math.max(0, GROUPS - known) }, () => '0');
  const network = [...first, ...gap, ...last].slice(0, GROUPS_OF_NETWORK);
  // ::ffff:192.0.2.1 is an IPv4 address: its network would be that of all of them.
  if (address.includes('.') && network.every((group) => group === '0'))
    return address.slice(address.lastIndexOf(':') + 1);
  return `${network.join(':')}::/64`;
}

const groupsOf = (text: string): string[] =>
  text === '' ? [] : text.split(':').map((group) => group.replace(/^0+(?=.)/, ''));
