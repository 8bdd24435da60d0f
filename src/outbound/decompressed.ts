/**
 * The body of a response without the encodings that the runtime leaves in place. The runtime decodes a single `gzip` or
 * `br` by itself.
 */

/** Returns the decoded body, or null for an encoding that the platform cannot decode. */
export function decompressed(response: Response): ReadableStream<Uint8Array> | null {
  const encodings = (response.headers.get('content-encoding') ?? '')
    .toLowerCase()
    .split(',')
    .map((encoding) => encoding.trim())
    .filter((encoding) => encoding !== '' && encoding !== 'identity');
  const body = response.body as ReadableStream<Uint8Array>;
  if (encodings.length === 0 || /^(gzip|br)$/.test(encodings.join())) return body;
  if (!encodings.every((encoding) => /^((x-)?gzip|deflate)$/.test(encoding))) return null;
  // Applied in the order of the list, so decoded from its end.
  return encodings
    .toReversed()
    .reduce((packed, encoding) => (encoding === 'deflate' ? inflated(packed) : through(packed, 'gzip')), body);
}

const through = (
  body: ReadableStream<Uint8Array>,
  format: 'gzip' | 'deflate' | 'deflate-raw',
): ReadableStream<Uint8Array> => body.pipeThrough(new DecompressionStream(format));

/** `deflate` means the format of zlib, and some servers send the bare one (RFC 9110, section 8.4.1.2). */
function inflated(packed: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  let plain: ReadableStreamDefaultReader<Uint8Array> | null = null;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      plain ??= (await openInflated(packed)).getReader();
      const { done, value } = await plain.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => (plain ?? packed).cancel(reason),
  });
}

async function openInflated(packed: ReadableStream<Uint8Array>): Promise<ReadableStream<Uint8Array>> {
  const reader = packed.getReader();
  const first = await reader.read();
  const [head = 0, flags = 0] = first.value ?? [];
  const isZlib = (head & 0x0f) === 8 && (head * 256 + flags) % 31 === 0;
  const whole = new ReadableStream<Uint8Array>({
    start(controller) {
      if (first.value) controller.enqueue(first.value);
    },
    async pull(controller) {
      const { done, value } = first.done ? first : await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return through(whole, isZlib ? 'deflate' : 'deflate-raw');
}
