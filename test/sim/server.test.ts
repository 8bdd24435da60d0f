import { describe, expect, it } from 'vitest';
import { expectedMs, newServer, serve } from './server.ts';

const plain = (slots: number, speed = 1) => newServer(slots, speed, [], 5);

describe('a server', () => {
  it('serves in as many slots as it has, the others in the order of their coming', () => {
    const server = plain(2);
    expect([100, 300, 50, 10].map((work) => serve(server, 0, work))).toEqual([100, 300, 150, 160]);
  });

  it('takes by its speed', () => {
    expect(serve(plain(1, 0.5), 10, 100)).toBe(210);
  });

  it('goes slower while it is slow, with what it has begun as well', () => {
    const server = newServer(1, 1, [{ from: 50, to: 150 }], 5);
    // 50 done by 50, another 20 by 150, the last 30 by 180.
    expect(serve(server, 0, 100)).toBe(180);
    // At this speed it would be done with the 40 left, and these 10.
    expect(expectedMs(server, 100, 10)).toBe(250);
    expect(serve(server, 100, 10)).toBe(190);
  });
});
