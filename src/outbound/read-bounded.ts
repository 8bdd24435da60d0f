/**
 * Reads the beginning of a response body and cancels the rest. Reading a large body completely can kill an isolate, and
 * an unread body keeps its connection slot.
 */

/** At most `maxBytes` of the body as text. Throws if the connection breaks or `signal` aborts. */
export async function readBounded(response: Response, maxBytes: number, signal: AbortSignal): Promise<string> {
  if (!response.body) return '';
  const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
  });
  const decoder = new TextDecoder();
  let text = '';
  let remaining = maxBytes;
  try {
    while (remaining > 0) {
      const chunk = await Promise.race([reader.read(), aborted]);
      if (chunk.done) break;
      const part = chunk.value.subarray(0, remaining);
      remaining -= part.byteLength;
      text += decoder.decode(part, { stream: true });
    }
    return text;
  } finally {
    // A failed cancellation does not matter: the needed part has been read.
    reader.cancel().catch(() => undefined);
  }
}
