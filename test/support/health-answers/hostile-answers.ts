/** Health check responses that are invalid, endless, late or missing. */
import type { HealthResponseCase, Place, Play, Verdict } from './health-answer.ts';

const JSON_TYPE = 'application/json';

type Row<What> = readonly [name: string, what: What, verdict: Verdict, shown: string];

const BROKEN: readonly HealthResponseCase[] = [
  {
    name: 'invalid JSON',
    response: { status: 200, type: JSON_TYPE, body: '{status: down}' },
    verdict: 'failed: REPORTED_UNHEALTHY',
  },
  {
    name: 'JSON that breaks off after a status',
    response: { status: 200, type: JSON_TYPE, body: '{"status":"down","checks":{"a":' },
    verdict: 'failed: REPORTED_UNHEALTHY',
  },
  {
    name: 'JSON in JSON in JSON',
    response: { status: 200, type: JSON_TYPE, body: '['.repeat(60_000) },
    verdict: 'healthy',
    shown: '60 000 times `[`',
  },
  {
    name: 'bytes that are no text',
    response: { status: 200, type: 'application/octet-stream', body: '\u0000\u0001\u0002\uFFFD'.repeat(100) },
    verdict: 'healthy',
    shown: 'zeros and worse',
  },
  {
    name: 'a redirect to itself, for ever',
    response: { status: 302, headers: { location: '?again' }, body: '' },
    verdict: 'failed: HTTP_302',
    shown: '`302`, location: itself',
  },
  {
    name: 'a redirect into the network of the coordinator',
    response: { status: 307, headers: { location: 'http://169.254.169.254/latest/meta-data/' }, body: '' },
    verdict: 'failed: HTTP_307',
    shown: '`307`, location: `http://169.254.169.254/…`',
  },
  {
    name: 'a redirect with a healthy body',
    response: { status: 301, headers: { location: '/' }, type: JSON_TYPE, body: '{"status":"UP"}' },
    verdict: 'failed: HTTP_301',
  },
  { name: 'an invalid status', response: { status: 999, body: '' }, verdict: 'failed: HTTP_999' },
];

const PLAYED: readonly Row<Play>[] = [
  ['hanging', 'says nothing', 'failed: TIMEOUT', 'nothing, the connection stays open'],
  ['hanging in the headers', 'stops in the headers', 'failed: TIMEOUT', '`200` and half a header'],
  ['hanging in the body', 'stops in the body', 'failed: TIMEOUT', '`200` and half a body'],
  ['a slow drip of headers', 'drips headers', 'failed: TIMEOUT', 'a byte every 50 ms'],
  ['a slow drip of a body', 'drips the body', 'failed: TIMEOUT', '`200`, then a byte every 50 ms'],
  ['slower than `degradedAfter`', 'slow but whole', 'degraded', '`200 {"status":"healthy"}` after 650 ms'],
  ['closed', 'closes at once', 'failed: ECONNRESET', 'nothing, the connection is closed'],
  ['reset', 'resets at once', 'failed: ECONNRESET', 'nothing, the connection is reset'],
  ['reset in the body', 'resets in the body', 'failed: ECONNRESET', '`200`, half a body, then a reset'],
  ['an endless header', 'endless header', 'failed: ECONNRESET', 'one header that never ends'],
  ['2 MB of headers', 'headers of 2 MB', 'failed: ECONNRESET', '2 000 headers of 1 000 characters'],
  ['an endless body', 'endless spaces', 'degraded', 'spaces without an end'],
  [
    'an endless body after a word',
    'endless after a word',
    'failed: REPORTED_UNHEALTHY',
    '`DOWN`, then spaces without an end',
  ],
  [
    'endless JSON',
    'endless after a status',
    'failed: REPORTED_UNHEALTHY',
    '`{"status":"fail","checks":{"a":"xxx…` without an end',
  ],
  [
    'endless JSON, healthy so far',
    'endless after a good status',
    'degraded',
    '`{"status":"ok","a":"xxx…` without an end',
  ],
  ['80 kB of JSON', '80 kB, ok at the end', 'healthy', '80 kB of members, then `"status":"ok"`'],
  [
    '80 kB of JSON, failed',
    '80 kB, fail at the end',
    'failed: REPORTED_UNHEALTHY',
    '80 kB of members, then `"status":"fail"`',
  ],
  ['gzip', 'gzip', 'degraded', '`{"status":"degraded"}` packed'],
  ['Brotli', 'brotli', 'degraded', '`{"status":"degraded"}` packed'],
  ['deflate', 'deflate', 'degraded', '`{"status":"degraded"}` packed'],
  [
    'deflate without its envelope',
    'bare deflate',
    'degraded',
    '`{"status":"degraded"}` packed, without the header of zlib',
  ],
  ['two encodings', 'deflate in gzip', 'degraded', '`{"status":"degraded"}` packed twice'],
  ['an encoding that is not supported', 'zstd', 'degraded', '`content-encoding: zstd`'],
  ['UTF-16 with a mark', 'utf-16le with a mark', 'failed: REPORTED_UNHEALTHY', '`{"status":"down"}`'],
  ['UTF-16, big-endian with a mark', 'utf-16be with a mark', 'failed: REPORTED_UNHEALTHY', '`{"status":"down"}`'],
  ['UTF-16 by its charset', 'utf-16le by charset', 'failed: REPORTED_UNHEALTHY', '`{"status":"down"}`'],
  ['Latin-1 by its charset', 'latin-1 by charset', 'failed: REPORTED_UNHEALTHY', '`{"status":"Störung"}`'],
  ['a gzip bomb', 'gzip bomb', 'degraded', '64 KB that unpack to 64 MB of spaces'],
  ['an endless gzip bomb', 'endless gzip', 'degraded', 'packed spaces without an end'],
  ['gzip that breaks off', 'gzip cut off', 'failed: ECONNRESET', 'the first 20 bytes of it'],
  ['plain JSON declared as gzip', 'no gzip', 'failed: NETWORK_ERROR', 'plain JSON under `content-encoding: gzip`'],
  ['longer than its length', 'longer than its length', 'degraded', '`{"status":"degraded"}`, its length, and more'],
  [
    'shorter than its length',
    'shorter than its length, closed',
    'failed: ECONNRESET',
    '21 of 1 000 bytes, then closed',
  ],
  [
    'shorter than its length, kept open',
    'shorter than its length, open',
    'failed: TIMEOUT',
    '21 of 1 000 bytes, then nothing',
  ],
  ['two lengths', 'two lengths', 'failed: ECONNRESET', '`content-length: 21` and `content-length: 7`'],
  ['no length', 'closed without a length', 'degraded', 'HTTP/1.0, ended by closing'],
  ['broken chunks', 'broken chunks', 'failed: ECONNRESET', 'a chunk of `zz` bytes'],
  ['early hints, then the response', 'early hints first', 'degraded', '`103`, then `200 {"status":"degraded"}`'],
  ['early hints alone', 'only early hints', 'failed: ECONNRESET', '`103`, then closed'],
  ['another protocol', 'no HTTP', 'failed: ECONNRESET', '`SSH-2.0-OpenSSH_9.6`'],
  ['a byte order mark', 'byte order mark', 'failed: REPORTED_UNHEALTHY', 'the mark, then `{"status":"down"}`'],
];

const PLACED: readonly Row<Place>[] = [
  ['bad TLS: a self-signed certificate', 'self-signed', 'failed: NETWORK_ERROR', 'a handshake'],
  ['bad TLS: plain HTTP behind https', 'plain behind https', 'failed: NETWORK_ERROR', '`400`, not encrypted'],
  ['bad TLS: no handshake', 'silent behind https', 'failed: TIMEOUT', 'nothing, the connection stays open'],
  ['a closed port', 'no listener', 'failed: ECONNRESET', 'the connection is refused'],
];

export const HOSTILE_RESPONSES: readonly HealthResponseCase[] = [
  ...BROKEN,
  ...PLAYED.map(([name, play, verdict, shown]) => ({ name, response: { play }, verdict, shown })),
  ...PLACED.map(([name, place, verdict, shown]) => ({ name, response: { place }, verdict, shown })),
];
