/**
 * Reads the beginning of a response body and cancels the rest. Reading a large body completely can kill an isolate, and
 * an unread body keeps its connection slot.
 */
import { decoderFor } from './text-decoder.ts';

/** Receives the text of a body piece by piece. */
export interface BodySink {
  /** Most bytes to read, after decompression. */
  readonly maxBytes: number;
  /** Returns whether the sink needs more. */
  push(text: string): boolean;
  /** The body is longer than `maxBytes`. */
  onCut(): void;
}

/** Reads the body as text into `sink`. Throws if the connection breaks or `signal` aborts. */
export async function readBounded(
  { body, contentType }: { readonly body: ReadableStream<Uint8Array> | null; readonly contentType: string | null },
  sink: BodySink,
  signal: AbortSignal,
): Promise<void> {
  if (!body) return;
  const reader = body.getReader();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
  });
  let decoder: TextDecoder | null = null;
  let remaining = sink.maxBytes;
  try {
    for (;;) {
      const chunk = await Promise.race([reader.read(), aborted]);
      if (chunk.done) {
        if (decoder) sink.push(decoder.decode());
        return;
      }
      if (remaining === 0) return sink.onCut();
      const part = chunk.value.subarray(0, remaining);
      remaining -= part.byteLength;
      decoder ??= decoderFor(contentType, part);
      if (!sink.push(decoder.decode(part, { stream: true }))) return;
      if (part.byteLength < chunk.value.byteLength) return sink.onCut();
    }
  } finally {
    // A failed cancellation does not matter: the needed part has been read.
    reader.cancel().catch(() => undefined);
  }
}
