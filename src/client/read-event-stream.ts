/** Parser of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export interface StreamedEvent {
  /** The id of this event or the last one before it; null before the first id. */
  readonly id: string | null;
  readonly event: string;
  /** Empty for an event that only moves the id. A browser would not dispatch such an event. */
  readonly data: string;
}

/**
 * Yields events until the stream ends and drops an incomplete last one. Throws when no byte arrives for
 * `idleTimeoutMs`.
 */
export async function* readEventStream(
  body: ReadableStream<Uint8Array>,
  idleTimeoutMs: number,
): AsyncGenerator<StreamedEvent, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let [id, buffer]: [string | null, string] = [null, ''];
  try {
    for (;;) {
      const { done, value } = await readWithin(reader, idleTimeoutMs);
      if (done) return;
      const blocks = (buffer + decoder.decode(value, { stream: true })).split('\n\n');
      buffer = blocks.pop() ?? '';
      for (const block of blocks) {
        const fields = fieldsOf(block);
        const movesId = fields.id !== undefined && fields.id !== id;
        id = fields.id ?? id;
        if (movesId || fields.data !== '') yield { id, event: fields.event, data: fields.data };
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Supports only the coordinator's format: one line per field, ended by a line feed. */
function fieldsOf(block: string): { id: string | undefined; event: string; data: string } {
  const fields = { id: undefined as string | undefined, event: 'message', data: '' };
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
    if (name === 'id') fields.id = value;
    else if (name === 'event') fields.event = value;
    else if (name === 'data') fields.data += value;
  }
  return fields;
}

async function readWithin(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  ms: number,
): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the event stream was silent for ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([reader.read(), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
