/**
 * Reads the beginning of a body and cancels the rest: a body read whole can kill an isolate, and one left
 * unread holds its connection slot.
 */

/** At most `maxBytes` of the body as text; throws when the connection breaks or `signal` fires. */
export async function readBounded(response: Response, maxBytes: number, signal: AbortSignal): Promise<string> {
  if (!response.body) return '';
  const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
  });
  const decoder = new TextDecoder();
  let text = '';
  let left = maxBytes;
  try {
    while (left > 0) {
      const chunk = await Promise.race([reader.read(), aborted]);
      if (chunk.done) break;
      const taken = chunk.value.subarray(0, left);
      left -= taken.byteLength;
      text += decoder.decode(taken, { stream: true });
    }
    return text;
  } finally {
    // That the cancelling itself fails changes nothing: what was wanted has been read.
    reader.cancel().catch(() => undefined);
  }
}
