import { describe, expect, it } from 'vitest';
import { expectedMs, newServer, serve } from './server.ts';

const plain = (slots: number, speed = 1) => newServer(slots, speed, [], 5);

describe('a simulated server', () => {
  it('serves as many requests at once as it has slots, and queues the others in FIFO order', () => {
    const server = plain(2);
    expect([100, 300, 50, 10].map((work) => serve(server, 0, work))).toEqual([100, 300, 150, 160]);
  });

  it('takes a time that depends on its speed', () => {
    expect(serve(plain(1, 0.5), 10, 100)).toBe(210);
  });

  it('slows down running requests too', () => {
    const server = newServer(1, 1, [{ from: 50, to: 150 }], 5);
    // 50 are done at 50 ms, another 20 at 150 ms, the last 30 at 180 ms.
    expect(serve(server, 0, 100)).toBe(180);
    // At the current speed: the remaining 40, then these 10.
    expect(expectedMs(server, 100, 10)).toBe(250);
    expect(serve(server, 100, 10)).toBe(190);
  });
});
