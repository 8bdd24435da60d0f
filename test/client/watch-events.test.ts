import { describe, expect, it } from 'vitest';
import { CoordinatorClient } from '../../src/client/coordinator-client.ts';
import { CoordinatorError } from '../../src/client/coordinator-error.ts';
import { readEventStream } from '../../src/client/read-event-stream.ts';

const encoder = new TextEncoder();

/** A body that comes in these pieces, and then ends, or breaks off. */
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

interface Answer {
  readonly pieces?: readonly string[];
  readonly end?: 'ends' | 'breaks';
  readonly status?: number;
}

/** Answers one after the other; notes the last id that each call came with. */
function wire(answers: readonly Answer[]) {
  const lastIds: (string | null)[] = [];
  const left = [...answers];
  const fetch = async (_url: string, init: RequestInit): Promise<Response> => {
    lastIds.push(new Headers(init.headers).get('last-event-id'));
    const { pieces = [], end = 'ends', status = 200 } = left.shift() ?? { status: 401 };
    const problem = JSON.stringify({ type: 'about:blank', title: 'no', status, code: 'no' });
    return status === 200 ? new Response(bodyOf(pieces, end)) : new Response(problem, { status });
  };
  return { lastIds, client: new CoordinatorClient({ baseUrl: 'http://c.test', fetch }) };
}

/** What is seen until the coordinator refuses for good. */
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

describe('watching events', () => {
  it('sees each once, however the stream is cut', async () => {
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

  it('comes back with the last id that came whole', async () => {
    const { client, lastIds } = wire([
      { pieces: [': after 4\nretry: 2000\nid: 4\n\n', event(5), event(6).slice(0, -1)], end: 'breaks' },
      { status: 503 },
      { pieces: [event(5), event(6), 'id: 70\n\n', ': nothing new\n\n'] },
      { pieces: [event(71)] },
    ]);
    expect(await seenOf(client)).toEqual(['5', '6', '71']);
    expect(lastIds).toEqual([null, '5', '5', '70', '71']);
  });

  it('tells when a snapshot is required, and goes on behind it', async () => {
    const data = JSON.stringify({ oldest: '3', newest: '8', snapshot: '/v1/snapshot' });
    const { client, lastIds } = wire([{ pieces: [`id: 8\nevent: snapshot-required\ndata: ${data}\n\n`, event(9)] }]);
    expect(await seenOf(client, 900)).toEqual(['snapshot-required 8', '9']);
    expect(lastIds).toEqual(['900', '9']);
  });

  it('ends with its signal, without an error', async () => {
    const { client } = wire([{ pieces: [event(1), event(2)] }, { pieces: [event(3)] }]);
    const over = new AbortController();
    for await (const _ of client.watchEvents({ after: 0, signal: over.signal })) over.abort();
    expect(over.signal.aborted).toBe(true);
  });

  it('gives up a stream in which nothing comes', async () => {
    const silent = new ReadableStream<Uint8Array>();
    await expect(readEventStream(silent, 20).next()).rejects.toThrow('nothing came');
  });
});
