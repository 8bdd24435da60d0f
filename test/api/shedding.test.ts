import { createExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import { MAX_IN_FLIGHT } from '../../src/core/access/load-shedding.ts';
import { callWithEnv } from '../support/call-with-env.ts';
import type { Answer } from '../support/coordinator-http.ts';
import { expectProblem } from '../support/expect-problem.ts';

const app = createApp();

interface OpenCall {
  readonly answer: Promise<Response>;
  readonly body: ReadableStreamDefaultController<Uint8Array>;
}

let open: OpenCall[] = [];

/** Calls whose bodies do not end, until there are so many; each has reached the point of being read. */
async function openCalls(total: number): Promise<void> {
  const reached: Promise<void>[] = [];
  while (open.length < total) {
    const begun = Promise.withResolvers<void>();
    let body: ReadableStreamDefaultController<Uint8Array> | undefined;
    const stream = new ReadableStream<Uint8Array>(
      { start: (controller) => void (body = controller), pull: () => begun.resolve() },
      { highWaterMark: 0 },
    );
    const headers = { authorization: 'Bearer test-admin-key', 'content-type': 'application/json' };
    const request = new Request('https://coordinator.test/v1/route', { method: 'POST', body: stream, headers });
    const answer = Promise.resolve(app.fetch(request, env, createExecutionContext()));
    open.push({ answer, body: body! });
    reached.push(begun.promise);
  }
  await Promise.all(reached);
}

const list = (): Promise<Answer> => callWithEnv({ path: '/v1/components' });
const lookup = (): Promise<Answer> => callWithEnv({ path: '/v1/components/none' });
const change = (): Promise<Answer> => callWithEnv({ method: 'POST', path: '/v1/components', body: '{}' });
const traffic = (): Promise<Answer> => callWithEnv({ method: 'POST', path: '/v1/route', body: '{}' });

const statuses = async (): Promise<number[]> =>
  Promise.all([list(), lookup(), change(), traffic()].map(async (answer) => (await answer).status));

afterEach(async () => {
  for (const { body } of open) {
    try {
      body.close();
    } catch {
      // Ended by the test already.
    }
  }
  await Promise.all(open.map(({ answer }) => answer));
  open = [];
});

describe('under too many calls at once', () => {
  it('lists go first, then lookups, changes and traffic; liveness never', async () => {
    expect(await statuses()).toEqual([200, 404, 422, 422]);
    // The four that ask count as well while they are under way, so they ask one after the other here.
    await openCalls(MAX_IN_FLIGHT.list);
    expect((await list()).status).toBe(503);
    expect((await lookup()).status).toBe(404);
    await openCalls(MAX_IN_FLIGHT.lookup);
    expect((await lookup()).status).toBe(503);
    expect((await change()).status).toBe(422);
    await openCalls(MAX_IN_FLIGHT.change);
    expect((await change()).status).toBe(503);
    expect((await traffic()).status).toBe(422);
    await openCalls(MAX_IN_FLIGHT.traffic);
    expect(await statuses()).toEqual([503, 503, 503, 503]);
    expect((await callWithEnv({ path: '/healthz' })).status).toBe(200);
    expect((await callWithEnv({ path: '/openapi.json' })).status).toBe(200);
  });

  it('says when to come back', async () => {
    await openCalls(MAX_IN_FLIGHT.list);
    const shed = await list();
    expectProblem(shed, 503, 'overloaded');
    expect(shed.headers.get('retry-after')).toBe('1');
  });

  it('asks for a key first', async () => {
    await openCalls(MAX_IN_FLIGHT.list);
    expectProblem(await callWithEnv({ path: '/v1/components', headers: { authorization: null } }), 401, 'unauthorized');
  });
});

describe('the count of calls', () => {
  it('goes down with every end: an answer, a refusal, a body that breaks off', async () => {
    await openCalls(MAX_IN_FLIGHT.list);
    expect((await list()).status).toBe(503);
    const [ending, breaking, tooLarge] = open as [OpenCall, OpenCall, OpenCall];
    ending.body.close();
    breaking.body.error(new Error('the caller hung up'));
    tooLarge.body.enqueue(new Uint8Array(100_000));
    expect((await ending.answer).status).toBe(400);
    expect((await tooLarge.answer).status).toBe(413);
    expect((await breaking.answer).status).toBe(400);
    expect((await list()).status).toBe(200);
    await openCalls(MAX_IN_FLIGHT.list + 2);
    expect((await list()).status).toBe(200);
    await openCalls(MAX_IN_FLIGHT.list + 3);
    expect((await list()).status).toBe(503);
  });

  it('does not count what was shed', async () => {
    await openCalls(MAX_IN_FLIGHT.list);
    for (let at = 0; at < 200; at++) expect((await list()).status).toBe(503);
    expect((await lookup()).status).toBe(404);
  });
});
