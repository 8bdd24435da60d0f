import { afterEach, describe, expect, it, vi } from 'vitest';
import { runParts } from '../../src/logging/run-parts.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the parts of a job', () => {
  it('all run, in order, when some of them throw or reject, and each failure is logged', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const ran: string[] = [];
    const done = runParts('sweep failed', {
      first: () => {
        throw new Error('at once');
      },
      second: () => ran.push('second'),
      third: async () => Promise.reject(new Error('later')),
      fourth: () => ran.push('fourth'),
    });
    expect(ran).toEqual(['second', 'fourth']);
    await done;
    expect(log.mock.calls.map(([line]) => JSON.parse(String(line)))).toEqual([
      { message: 'sweep failed', part: 'first', error: 'Error: at once' },
      { message: 'sweep failed', part: 'third', error: 'Error: later' },
    ]);
  });
});
