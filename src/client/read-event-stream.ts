/** Reads server-sent events as they come (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export interface StreamedEvent {
  /** The last id that was sent, with this event or before; null before the first. */
  readonly id: string | null;
  readonly event: string;
  /** Empty for an event that only moves the id: a browser hands on none of those. */
  readonly data: string;
}

/** Ends with the stream; what broke off in the middle of an event is dropped. Throws when nothing comes for `quietMs`. */
export async function* readEventStream(
  body: ReadableStream<Uint8Array>,
  quietMs: number,
): AsyncGenerator<StreamedEvent, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let [id, rest]: [string | null, string] = [null, ''];
  try {
    for (;;) {
      const { done, value } = await readWithin(reader, quietMs);
      if (done) return;
      const blocks = (rest + decoder.decode(value, { stream: true })).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const fields = fieldsOf(block);
        const isPlace = fields.id !== undefined && fields.id !== id;
        id = fields.id ?? id;
        if (isPlace || fields.data !== '') yield { id, event: fields.event, data: fields.data };
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** As the coordinator writes them: one line each, ended by a line feed. */
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
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came for ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([reader.read(), late]);
  } finally {
    clearTimeout(timer);
  }
}
