import { describe, expect, it } from 'vitest';
import { CoordinatorClient } from '../../src/client/coordinator-client.ts';
import { CoordinatorError } from '../../src/client/coordinator-error.ts';
import { readEventStream } from '../../src/client/read-event-stream.ts';

const encoder = new TextEncoder();

/** A body that arrives in these pieces, and then ends or fails. */
const bodyOf = (pieces: readonly string[], end: 'ends' | 'breaks' = 'ends'): ReadableStream<Uint8Array> => {
  const left = [...pieces];
  return new ReadableStream({
    pull(controller) {
      const piece = left.shift();
      if (piece !== undefined) return controller.enqueue(encoder.encode(piece));
      if (end === 'ends') controller.close();
      else controller.error(new Error('the line broke'));
    },
  });
};

const event = (sequence: number): string => {
  const data = JSON.stringify({ specversion: '1.0', id: String(sequence), sequence: String(sequence), type: 't' });
  return `id: ${sequence}\nevent: t\ndata: ${data}\n\n`;
};

interface FakeResponse {
  readonly pieces?: readonly string[];
  readonly end?: 'ends' | 'breaks';
  readonly status?: number;
}

/** A client with these responses in order. Records the Last-Event-ID of each call. */
function clientWith(responses: readonly FakeResponse[]) {
  const lastIds: (string | null)[] = [];
  const left = [...responses];
  const fetch = async (_url: string, init: RequestInit): Promise<Response> => {
    lastIds.push(new Headers(init.headers).get('last-event-id'));
    const { pieces = [], end = 'ends', status = 200 } = left.shift() ?? { status: 401 };
    const problem = JSON.stringify({ type: 'about:blank', title: 'no', status, code: 'no' });
    return status === 200 ? new Response(bodyOf(pieces, end)) : new Response(problem, { status });
  };
  return { lastIds, client: new CoordinatorClient({ baseUrl: 'http://c.test', fetch }) };
}

/** Events seen until the coordinator refuses permanently. */
async function seenOf(client: CoordinatorClient, after?: number): Promise<string[]> {
  const seen: string[] = [];
  try {
    for await (const each of client.watchEvents({ after }))
      seen.push('specversion' in each ? each.sequence : `${each.type} ${each.newest}`);
  } catch (error) {
    expect(error).toBeInstanceOf(CoordinatorError);
  }
  return seen;
}

describe('watchEvents', () => {
  it('yields each event once, wherever the stream is cut', async () => {
    const whole = [event(1), event(2), event(3)].join('');
    for (let at = 1; at < whole.length; at++) {
      const ids: (string | null)[] = [];
      const body = bodyOf([whole.slice(0, at), whole.slice(at)]);
      for await (const { id, data } of readEventStream(body, 1_000)) {
        ids.push(id);
        expect(JSON.parse(data)).toMatchObject({ sequence: id });
      }
      expect(ids).toEqual(['1', '2', '3']);
    }
  });

  it('reconnects with the last completely received id', async () => {
    const { client, lastIds } = clientWith([
      { pieces: [': after 4\nretry: 2000\nid: 4\n\n', event(5), event(6).slice(0, -1)], end: 'breaks' },
      { status: 503 },
      { pieces: [event(5), event(6), 'id: 70\n\n', ': nothing new\n\n'] },
      { pieces: [event(71)] },
    ]);
    expect(await seenOf(client)).toEqual(['5', '6', '71']);
    expect(lastIds).toEqual([null, '5', '5', '70', '71']);
  });

  it('reports a required snapshot, and continues after it', async () => {
    const data = JSON.stringify({ oldest: '3', newest: '8', snapshot: '/v1/snapshot' });
    const { client, lastIds } = clientWith([
      { pieces: [`id: 8\nevent: snapshot-required\ndata: ${data}\n\n`, event(9)] },
    ]);
    expect(await seenOf(client, 900)).toEqual(['snapshot-required 8', '9']);
    expect(lastIds).toEqual(['900', '9']);
  });

  it('ends without an error when its signal aborts', async () => {
    const { client } = clientWith([{ pieces: [event(1), event(2)] }, { pieces: [event(3)] }]);
    const over = new AbortController();
    for await (const _ of client.watchEvents({ after: 0, signal: over.signal })) over.abort();
    expect(over.signal.aborted).toBe(true);
  });

  it('abandons a silent stream', async () => {
    const silent = new ReadableStream<Uint8Array>();
    await expect(readEventStream(silent, 20).next()).rejects.toThrow('was silent');
  });
});
