/** Health check responses that need a raw socket, by name. */
import type { Socket } from 'node:net';
import { promisify } from 'node:util';
import { brotliCompressSync, createGzip, deflateRawSync, deflateSync, gzip, gzipSync } from 'node:zlib';
import type { Play } from '../health-answers/health-answer.ts';

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n';
const DEGRADED = '{"status":"degraded"}';
const DOWN = '{"status":"down"}';
/** More than the 64 KiB up to which a body is kept as text. */
const MEMBERS = Array.from({ length: 2_000 }, (_, index) => `"metric-${index}":{"value":${index},"unit":"ms"}`).join();
const DRIP_EVERY_MS = 50;
/** More than half the timeout, less than the timeout. */
const SLOW_MS = 650;
const BLOCK = Buffer.alloc(16_384, ' ');
const BOMB_BYTES = 67_108_864;

/** 64 KB that unpack to 64 MB of spaces; built once, in the background. */
const bomb = promisify(gzip)(Buffer.alloc(BOMB_BYTES, ' '));

export const PLAYS: Readonly<Record<Play, (socket: Socket) => void>> = {
  'says nothing': () => undefined,
  'closes at once': (socket) => socket.end(),
  'resets at once': (socket) => socket.resetAndDestroy(),
  'resets in the body': (socket) => {
    socket.write(`${HEAD}content-length: 1000\r\n\r\n{"status":"healthy"`);
    setTimeout(() => socket.resetAndDestroy(), DRIP_EVERY_MS);
  },
  'stops in the headers': (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-ty'),
  'stops in the body': (socket) => socket.write(`${HEAD}content-length: 1000\r\n\r\n{"status":"healthy"`),
  'drips headers': (socket) => drip(socket, `${HEAD}${'x-more: 1\r\n'.repeat(1_000)}`),
  'drips the body': (socket) => {
    socket.write(`${HEAD}content-length: 1000\r\n\r\n`);
    drip(socket, ' '.repeat(1_000));
  },
  'slow but whole': (socket) => setTimeout(() => socket.end(`${HEAD}\r\n{"status":"healthy"}`), SLOW_MS),
  'endless header': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nx-endless: ');
    pour(socket, Buffer.alloc(16_384, 'x'));
  },
  'headers of 2 MB': (socket) => {
    const line = `: ${'x'.repeat(1_000)}\r\n`;
    const lines = Array.from({ length: 2_000 }, (_, index) => `x-${index}${line}`);
    socket.end(`HTTP/1.1 200 OK\r\n${lines.join('')}connection: close\r\n\r\n{"status":"healthy"}`);
  },
  'endless spaces': (socket) => {
    socket.write(`${HEAD}\r\n`);
    pour(socket, BLOCK);
  },
  'endless after a word': (socket) => {
    socket.write(`${HEAD}\r\nDOWN\n`);
    pour(socket, BLOCK);
  },
  'endless after a status': (socket) => {
    socket.write(`${HEAD}\r\n{"status":"fail","checks":{"a":"`);
    pour(socket, Buffer.alloc(16_384, 'x'));
  },
  'endless after a good status': (socket) => {
    socket.write(`${HEAD}\r\n{"status":"ok","a":"`);
    pour(socket, Buffer.alloc(16_384, 'x'));
  },
  '80 kB, ok at the end': (socket) => socket.end(`${HEAD}\r\n{${MEMBERS},"status":"ok"}`),
  '80 kB, fail at the end': (socket) => socket.end(`${HEAD}\r\n{${MEMBERS},"status":"fail"}`),
  deflate: (socket) => encoded(socket, 'deflate', deflateSync(DEGRADED)),
  'bare deflate': (socket) => encoded(socket, 'deflate', deflateRawSync(DEGRADED)),
  'deflate in gzip': (socket) => encoded(socket, 'deflate, gzip', gzipSync(deflateSync(DEGRADED))),
  zstd: (socket) => encoded(socket, 'zstd', Buffer.from('28b52ffd', 'hex')),
  'utf-16le with a mark': (socket) => inCharset(socket, null, Buffer.from(`\uFEFF${DOWN}`, 'utf16le')),
  'utf-16be with a mark': (socket) => inCharset(socket, null, Buffer.from(`\uFEFF${DOWN}`, 'utf16le').swap16()),
  'utf-16le by charset': (socket) => inCharset(socket, 'utf-16le', Buffer.from(DOWN, 'utf16le')),
  'latin-1 by charset': (socket) => inCharset(socket, 'iso-8859-1', Buffer.from('{"status":"Störung"}', 'latin1')),
  gzip: (socket) => encoded(socket, 'gzip', gzipSync(DEGRADED)),
  brotli: (socket) => encoded(socket, 'br', brotliCompressSync(DEGRADED)),
  'gzip bomb': (socket) => void bomb.then((packed) => encoded(socket, 'gzip', packed)),
  'endless gzip': (socket) => {
    socket.write(`${HEAD}content-encoding: gzip\r\n\r\n`);
    const packing = createGzip();
    packing.pipe(socket);
    const feed = (): void => {
      while (!socket.destroyed && packing.write(BLOCK));
    };
    packing.on('drain', feed);
    socket.on('close', () => packing.destroy());
    feed();
  },
  'gzip cut off': (socket) => encoded(socket, 'gzip', gzipSync(DEGRADED).subarray(0, 20)),
  'no gzip': (socket) => encoded(socket, 'gzip', Buffer.from(DEGRADED)),
  'longer than its length': (socket) => socket.end(`${HEAD}content-length: 21\r\n\r\n${DEGRADED}, and much more`),
  'shorter than its length, closed': (socket) => socket.end(`${HEAD}content-length: 1000\r\n\r\n${DEGRADED}`),
  'shorter than its length, open': (socket) => socket.write(`${HEAD}content-length: 1000\r\n\r\n${DEGRADED}`),
  'two lengths': (socket) => socket.end(`${HEAD}content-length: 21\r\ncontent-length: 7\r\n\r\n${DEGRADED}`),
  'broken chunks': (socket) => socket.end(`${HEAD}transfer-encoding: chunked\r\n\r\nzz\r\n${DEGRADED}\r\n0\r\n\r\n`),
  'closed without a length': (socket) => socket.end(`HTTP/1.0 200 OK\r\n\r\n${DEGRADED}`),
  'early hints first': (socket) =>
    socket.end(`HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${HEAD}content-length: 21\r\n\r\n${DEGRADED}`),
  'only early hints': (socket) => socket.end('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'),
  'no HTTP': (socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'),
  'byte order mark': (socket) => socket.end(`${HEAD}\r\n\uFEFF{"status":"down"}`),
};

function encoded(socket: Socket, encoding: string, body: Uint8Array): void {
  socket.write(`${HEAD}content-encoding: ${encoding}\r\ncontent-length: ${body.byteLength}\r\n\r\n`);
  socket.end(body);
}

function inCharset(socket: Socket, charset: string | null, body: Uint8Array): void {
  const type = charset === null ? 'text/plain' : `text/plain; charset=${charset}`;
  socket.write(`HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: ${type}\r\n\r\n`);
  socket.end(body);
}

function drip(socket: Socket, text: string): void {
  let at = 0;
  const timer = setInterval(() => {
    if (socket.destroyed || at === text.length) clearInterval(timer);
    else socket.write(text[at++] ?? '');
  }, DRIP_EVERY_MS);
}

/** Writes as fast as the peer reads, until it hangs up. */
function pour(socket: Socket, block: Uint8Array): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(block));
  };
  socket.on('drain', more);
  more();
}
