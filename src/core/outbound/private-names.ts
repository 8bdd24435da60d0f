/**
 * Host names that are not on the public internet, or that resolve from there to a private address.
 *
 * A Worker cannot see what a name resolves to, so only the name is checked against this list. The host allow-list
 * covers the names that no list can know, such as a custom DNS record.
 */

/** Reserved for local use (RFC 2606, 6761, 6762, 7686, 9476; ICANN), or used so by convention or by clusters. */
const LOCAL =
  'localhost local localdomain localhost4 localdomain4 localhost6 localdomain6 internal intranet private lan home ' +
  'homenet corp mail dhcp workgroup domain arpa test invalid onion i2p alt svc cluster pod consul nomad docker ' +
  'kubernetes.default fritz.box';

/** Metadata services that hand credentials to cloud machines. */
const METADATA =
  'metadata.goog metadata.google metadata.azure.com metadata.tencentyun.com metadata.oraclecloud.com ' +
  'metadata.digitalocean.com metadata.platformequinix.com metadata.packet.net metadata.exoscale.com ' +
  'metadata.cloud.ibm.com';

/** Public zones that resolve to loopback, or to an address that is part of the name. */
const WILDCARD_DNS =
  'nip.io sslip.io xip.io xip.name ip6.name backname.io ipq.co traefik.me plex.direct local-ip.co local-ip.sh ' +
  'localtest.me lvh.me vcap.me lacolhost.com yoogle.com fuf.me 42foo.com ulh.us smackaho.st localho.st shed.host ' +
  'local.gd lcl.host ddev.site lndo.site bosh-lite.com localhost.tv localhost.direct localhst.co.uk 127-0-0-1.org.uk ' +
  'localmachine.name localmachine.info localfabriek.nl local.sisteminha.com mouse-potato.com ' +
  'localhost.domaincontrol.com spoofed.burpcollaborator.net 1u.ms rbndr.us rebind.network';

const NAMES: ReadonlySet<string> = new Set(`${LOCAL} ${METADATA} ${WILDCARD_DNS}`.split(' '));

/** AWS serves metadata under this name in its search domain. */
const METADATA_LABEL = 'instance-data';

/** Whether a parsed host name, without its trailing dot, is or leads to a private host. */
export function isPrivateName(host: string): boolean {
  const labels = host.split('.');
  if (labels.length < 2 || labels[0] === METADATA_LABEL) return true;
  return labels.some((_, from) => NAMES.has(labels.slice(from).join('.')));
}
