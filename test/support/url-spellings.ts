/**
 * URLs that must be refused where only public ones are accepted, grouped by trick, and legitimate URLs that must be
 * accepted. Data only. Each malicious URL must be refused alone and as a path on a public base.
 */
export interface Trick {
  readonly name: string;
  /** Expected text of the refusal. */
  readonly message: RegExp;
  readonly urls: readonly string[];
}

const listed = (text: string): string[] => text.trim().split(/\s+/);

const ADDRESS = /IP address/;
const NAME = /not a public host name/;
const CREDENTIALS = /credentials/;
const UNPLAIN = /whitespace, control or invisible/;
const NO_URL = /not a URL/;

const OVERLONG_HOST = `https://${'abcdefghij.'.repeat(23)}com`;

export const TRICKS: readonly Trick[] = [
  {
    name: 'IPv4 as usual',
    message: ADDRESS,
    urls: listed(`
      https://127.0.0.1 https://127.0.0.1:8443/health https://10.0.0.8/health https://172.16.0.1 https://192.168.1.1
      https://100.64.0.1 https://100.100.100.200/latest/meta-data https://169.254.169.254/latest/meta-data
      https://169.254.170.2/v2/credentials https://192.0.0.192/opc/v2 https://0.0.0.0 https://255.255.255.255
      https://224.0.0.1 https://8.8.8.8 HTTPS://127.0.0.1/
    `),
  },
  {
    name: 'IPv4 in decimal, hex, octal, short and mixed',
    message: ADDRESS,
    urls: listed(`
      https://2130706433 https://2852039166/latest/meta-data https://0 https://1 https://127.1 https://127.0.1
      https://10.8 https://0x7f.1 https://0x7f000001 https://0X7F.0X0.0X0.0X1 https://0xa9fea9fe
      https://0xA9.254.0xA9.254 https://0177.0.0.1 https://017700000001 https://0251.0376.0251.0376
      https://0x7f.0.0.01 https://169.0xfe.43518 https://169.16689662 https://0x
    `),
  },
  {
    name: 'IPv4 behind a trailing dot',
    message: ADDRESS,
    urls: ['https://127.0.0.1.', 'https://0x7f.1./', 'https://2130706433.', 'https://169.254.169.254.:8443/'],
  },
  {
    name: 'IPv4 in full-width, circled and other digits and dots',
    message: ADDRESS,
    urls: [
      'https://１２７.0.0.1',
      'https://１２７。０。０。１',
      'https://127。0。0。1',
      'https://127．0．0．1',
      'https://127｡0｡0｡1',
      'https://①②⑦.⓪.⓪.①',
      'https://¹²⁷.⁰.⁰.¹',
      'https://𝟏𝟐𝟕.𝟎.𝟎.𝟏',
      'https://⑯⑨.②⑤④.⑯⑨.②⑤④',
      'https://０ｘ７ｆ.1',
    ],
  },
  {
    name: 'IPv6: loopback, mapped, compatible, translated, private',
    message: ADDRESS,
    urls: listed(`
      https://[::1] https://[::] https://[0:0:0:0:0:0:0:1]:8443 https://[0000::0001]/ https://[::ffff:127.0.0.1]
      https://[::ffff:7f00:1] https://[::ffff:a9fe:a9fe] https://[::127.0.0.1] https://[64:ff9b::127.0.0.1]
      https://[64:ff9b:1::a9fe:a9fe] https://[2002:7f00:1::] https://[2001:0:0:0:0:0:80ff:fffe] https://[fe80::1]
      https://[fd00:ec2::254] https://[fc00::1] https://[ff02::1] https://[2606:4700::1111]
    `),
  },
  {
    name: 'no address and no name',
    message: NO_URL,
    urls: [
      'https://',
      'https://#',
      'https://?x',
      'https://[fe80::1%25eth0]',
      'https://[fe80::1%eth0]/',
      'https://[::1',
      'https://::1/',
      'https://[v1.x]/',
      'https://256.0.0.1',
      'https://1.2.3.4.5',
      'https://127.0.0.1.0x7f',
      'https://4294967296',
      'https://example.com:65536',
      'https://example.com:443:443',
      'https://example.com:-1',
      'https://example.com:4x43',
      'https://a<b.example.com',
      'https://a^b.example.com',
      'https://xn--.example.com',
    ],
  },
  {
    name: 'local names',
    message: NAME,
    urls: listed(`
      https://localhost https://LOCALHOST./ https://localhost:8443/ https://api.localhost
      https://localhost.localdomain https://localhost6.localdomain6 https://printer.local https://printer.local.
      https://db.internal https://host.docker.internal https://box.lan https://box.home https://nas.home.arpa
      https://1.0.0.127.in-addr.arpa https://wiki.corp https://wiki.intranet https://db.private https://api.test
      https://api.invalid. https://abcdef.onion https://router https://router. https://consul.service.consul
      https://kubernetes.default https://kubernetes.default.svc https://kubernetes.default.svc.cluster.local
      https://api.team-a.svc. https://fritz.box
    `),
  },
  {
    name: 'metadata names',
    message: NAME,
    urls: listed(`
      https://metadata https://metadata.google.internal https://metadata.google.internal./computeMetadata/v1/
      https://METADATA.google.INTERNAL:443 https://metadata.goog/computeMetadata/v1/ https://metadata.azure.com
      https://metadata.azure.internal https://metadata.tencentyun.com/latest/meta-data/
      https://metadata.oraclecloud.com https://metadata.platformequinix.com https://metadata.packet.net
      https://api.metadata.cloud.ibm.com https://instance-data https://instance-data.ec2.internal
      https://instance-data.example.com https://ip-10-0-0-5.eu-west-1.compute.internal
    `),
  },
  {
    name: 'public zones that lead to private addresses',
    message: NAME,
    urls: listed(`
      https://127.0.0.1.nip.io https://nip.io https://169-254-169-254.nip.io/latest https://7f000001.nip.io
      https://app.10.0.0.1.sslip.io https://--1.sslip.io https://127.0.0.1.xip.io https://localtest.me
      https://a.b.localtest.me. https://LVH.me https://x.vcap.me https://lacolhost.com https://yoogle.com
      https://fuf.me https://anything.ddev.site https://10-0-0-1.traefik.me https://192-168-1-1.abcdef.plex.direct
      https://7f000001.c0a80001.rbndr.us https://localhost.domaincontrol.com https://spoofed.burpcollaborator.net
    `),
  },
  {
    name: 'empty, overlong and odd parts of a name',
    message: /not a public host name|at most 253/,
    urls: [
      'https://localhost../',
      'https://127.0.0.1../',
      'https://0x7f.1../',
      'https://a..example.com',
      'https://.example.com',
      'https://.',
      'https://../',
      'https://example.com..',
      `https://${'a'.repeat(64)}.example.com`,
      OVERLONG_HOST,
      'https://*.example.com',
      'https://a,b.example.com',
      'https://example.com;.evil.example',
      'https://example.com&.evil.example',
      'https://a~b.example.com',
      'https://$host.example.com',
      "https://a'b.example.com",
      'https://a(b).example.com',
      'https://{host}.example.com',
      'https://a`b`.example.com',
    ],
  },
  {
    name: 'names that are read otherwise than they are written',
    message: /written as it is parsed/,
    urls: [
      'https://ｅｘａｍｐｌｅ.com',
      'https://example。com',
      'https://printer。local',
      'https://ⓛⓞⓒⓐⓛhost',
      'https://metadata.google．internal',
      'https://example\u212A.com',
      'https://ﬁle.example.com',
      'https://ª.example.com',
    ],
  },
  {
    name: 'credentials, and an @ that may look like them',
    message: CREDENTIALS,
    urls: [
      'https://user:secret@example.com',
      'https://token@example.com',
      'https://:secret@example.com',
      'https://@example.com',
      'https://:@example.com',
      'https://a@b@example.com',
      'https://%75ser@example.com',
      'https://good.com@169.254.169.254',
      'https://good.com:443@169.254.169.254/',
      'https://good.com:@127.0.0.1',
      'https://127.0.0.1@good.com',
      'https://good.com#@169.254.169.254',
      'https://good.com?@169.254.169.254/',
      'https://good.com?x#y@169.254.169.254/',
      'https://169.254.169.254#@good.com',
      'https://169.254.169.254?@good.com',
    ],
  },
  {
    name: 'other schemes',
    message: /https is required/,
    urls: [
      'http://example.com',
      'http://127.0.0.1',
      'HTTP://localhost:8787/',
      'ftp://example.com/health',
      'file:///etc/passwd',
      'file://localhost/etc/passwd',
      'data:text/plain,healthy',
      'data:application/json,{%22status%22:%22ok%22}',
      'javascript:alert(1)',
      'blob:https://example.com/1',
      'ws://example.com',
      'wss://example.com',
      'gopher://127.0.0.1:6379/_INFO',
      'dict://127.0.0.1:11211/stats',
      'ldap://example.com',
      'about:blank',
      'about:srcdoc',
      'mailto:root@example.com',
      'view-source:https://example.com',
      'httpss://example.com',
      'jar:https://example.com!/',
    ],
  },
  {
    name: 'no scheme, or no proper beginning',
    message: /not a URL|without its scheme|with \/\/ and a host/,
    urls: [
      '//127.0.0.1/health',
      '//localhost/health',
      '//0x7f.1/health',
      '//[::1]/',
      '//example.com/health',
      '///127.0.0.1/health',
      'https:example.com',
      'https:/example.com',
      'https:///example.com',
      'https:////example.com/',
    ],
  },
  {
    name: 'backslashes',
    message: /backslash/,
    urls: [
      'https:\\\\127.0.0.1',
      'https:\\/\\/example.com',
      'https://example.com\\@169.254.169.254',
      'https://169.254.169.254\\@example.com',
      'https://example.com\\.evil.example',
      'https://example.com/\\evil.example',
      '\\\\127.0.0.1\\health',
      '/\\127.0.0.1/health',
      '\\/127.0.0.1/health',
    ],
  },
  {
    name: 'whitespace, control and invisible characters',
    message: UNPLAIN,
    urls: [
      ' https://example.com',
      'https://example.com ',
      'https://example.com /',
      'https://exa mple.com',
      'https://example.com/a b',
      '\thttps://example.com',
      'ht\ntps://127.0.0.1',
      'https://exam\tple.com',
      'https:/\t/127.0.0.1',
      'https://127.\r\n0.0.1',
      '/\n/127.0.0.1/health',
      'java\tscript:alert(1)',
      'https://example.com/\r\nhost: evil.example',
      'https://example.com\u0000.evil.example',
      '\u0000https://example.com',
      'https://example.com\u007F/',
      'https://example.com/\u0085',
      'https://exam\u00ADple.com',
      'https://exam\u200Bple.com',
      'https://example\u2060.com',
      'https://example.com/\u202Egnp.live',
      '\uFEFFhttps://example.com',
      'https://example\u3000.com',
      'https://example.com/\u00A0',
      'https://example.com/\uD800',
      'https://exam\u034Fple.com',
      'https://example.com/\u{E0041}',
    ],
  },
  {
    name: 'percent signs in the host',
    message: /percent sign|IP address|not a URL/,
    urls: [
      'https://ex%61mple.com',
      'https://%6cocalhost',
      'https://%31%32%37.0.0.1',
      'https://127%2e0%2e0%2e1',
      'https://example%2Ecom',
      'https://example.com%2f.evil.example',
      'https://example.com%23.evil.example',
      'https://example.com%00.evil.example',
      'https://%E3%80%82example.com',
    ],
  },
  {
    name: 'ports that no public service has',
    message: /port/,
    urls: [
      'https://example.com:22',
      'https://example.com:25/',
      'https://example.com:80',
      'https://example.com:444',
      'https://example.com:2379',
      'https://example.com:6379',
      'https://example.com:8080',
      'https://example.com:10250/pods',
      'https://example.com:65535',
      'https://example.com:0',
      'https://example.com:',
      'https://example.com:/health',
      'https://example.com:00443',
      'https://example.com:08443/',
    ],
  },
];

/** Texts that are not URLs, although some are valid paths on a base. */
export const NOT_ABSOLUTE: readonly string[] = ['registry.example.com', '/health', 'health', '?x=1', '#x', '127.0.0.1'];

export const LEGITIMATE_URLS: readonly string[] = [
  'https://registry.example.com',
  'https://registry.example.com/',
  'https://registry.example.com:443/health',
  'https://registry.example.com:8443/health?deep=1',
  'https://registry.example.com:2053',
  'https://registry.example.com:2083/',
  'https://registry.example.com:2087/',
  'https://registry.example.com:2096/',
  'https://EXAMPLE.com/Path',
  'HTTPS://example.com/health',
  'https://example.com./health',
  'https://example.com?x=1',
  'https://example.com/?next=https://127.0.0.1/',
  'https://example.com/@team/agent',
  'https://example.com/health?mail=a@example.org',
  'https://example.com/a%20b/%E2%9C%93',
  'https://example.com/größe/状态',
  'https://example.com//double//slash',
  'https://example.com/a/../health',
  'https://example.com/health#section',
  'https://example.com/a;b=c,d!e~f*(g)$h',
  'https://bücher.example.com',
  'https://日本語.example.com/',
  'https://faß.example.com/',
  'https://xn--bcher-kva.example.com',
  'https://XN--BCHER-KVA.example.com',
  `https://${'a'.repeat(63)}.example.com`,
  'https://a.b.c.d.e.f.g.h.i.j.example.com',
  'https://under_score.example.com',
  'https://a--b.example.com',
  'https://1password.com',
  'https://10.example.com',
  'https://127.0.0.1.example.com',
  'https://0x7f.example.com',
  'https://2130706433.example.com',
  'https://local.example.com',
  'https://localhost.example.com',
  'https://test.example.com',
  'https://metadata.example.com',
  'https://mylocal.com',
  'https://notnip.io',
  'https://internal-tools.example.com',
  'https://my-worker.my-team.workers.dev/health',
];
