import { describe, expect, it } from 'vitest';
import { SingleFlight } from '../../src/long-poll/single-flight.ts';

const GIVE_UP_MS = 4_000;
const START = 1_000_000;

/** Calls that the test ends one by one. */
function manualCalls() {
  const calls: { readonly isCurrent: () => boolean; readonly end: PromiseWithResolvers<void> }[] = [];
  return {
    calls,
    call: (isCurrent: () => boolean): Promise<void> => {
      const end = Promise.withResolvers<void>();
      calls.push({ isCurrent, end });
      return end.promise;
    },
  };
}

const ignore = (): void => undefined;

describe('a single flight', () => {
  it('is one call for all who come while it is in flight, and another afterwards', async () => {
    const flight = new SingleFlight(GIVE_UP_MS);
    const { calls, call } = manualCalls();
    const first = flight.start(START, ignore, call);
    expect(flight.start(START + 10, ignore, call)).toBe(first);
    expect(flight.inFlight(START + 10)).toBe(first);
    calls[0]!.end.resolve();
    await first.done;
    expect(flight.inFlight(START + 20)).toBeNull();
    expect(flight.start(START + 20, ignore, call)).toMatchObject({ startedAt: START + 20 });
    expect(calls).toHaveLength(2);
  });

  it.each([
    ['is shared while it may still be answered', GIVE_UP_MS - 1, 1],
    ['is replaced when it hangs', GIVE_UP_MS, 2],
    ['is replaced when the clock went back, which hides how long it has hung', -1, 2],
  ])('%s', (_, afterMs, expected) => {
    const flight = new SingleFlight(GIVE_UP_MS);
    const { calls, call } = manualCalls();
    flight.start(START, ignore, call);
    flight.start(START + afterMs, ignore, call);
    expect(calls).toHaveLength(expected);
  });

  it('that was replaced is not current, and does not end its successor', async () => {
    const flight = new SingleFlight(GIVE_UP_MS);
    const { calls, call } = manualCalls();
    const first = flight.start(START, ignore, call);
    const later = START + GIVE_UP_MS;
    const second = flight.start(later, ignore, call);
    expect(calls.map(({ isCurrent }) => isCurrent())).toEqual([false, true]);
    calls[0]!.end.resolve();
    await first.done;
    expect(flight.inFlight(later)).toBe(second);
  });

  it('is current from the beginning', () => {
    const seen: boolean[] = [];
    new SingleFlight(GIVE_UP_MS).start(START, ignore, async (isCurrent) => void seen.push(isCurrent()));
    expect(seen).toEqual([true]);
  });

  it.each<[string, () => Promise<void>]>([
    ['rejects', () => Promise.reject(new Error('unreachable'))],
    [
      'throws',
      () => {
        throw new Error('unreachable');
      },
    ],
  ])('that %s fails for all who share it, and makes way for the next', async (_, call) => {
    const flight = new SingleFlight(GIVE_UP_MS);
    const background: Promise<unknown>[] = [];
    const { done } = flight.start(START, (work) => void background.push(work), call);
    await expect(done).rejects.toThrow('unreachable');
    expect(flight.inFlight(START)).toBeNull();
    // The platform would report the failure of background work as an exception of the request.
    await Promise.all(background);
    expect(background).toHaveLength(1);
  });
});
