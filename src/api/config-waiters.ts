/**
 * Who waits in this isolate for another revision of its configuration. They are no work meanwhile, but each of them is
 * held and looks again after every change, so there is room for so many only, and for no key alone all of it.
 */
import type { RoomReader } from './reader-room.ts';
import { ReaderRoom } from './reader-room.ts';

const room = new ReaderRoom({ all: 1_000, ofKey: 200 });

/**
 * Does the work of one who waits, or nothing (`full`) when there is no room. Whoever goes on without saying so for
 * long is taken to be gone: the platform may end a caller that hung up, and with it whatever it would still do.
 */
export async function asWaiter<T>(
  { keyId, waitUntil }: Pick<RoomReader, 'keyId' | 'waitUntil'>,
  work: (waiter: RoomReader) => Promise<T>,
): Promise<T | 'full'> {
  const waiter = room.enter(keyId, waitUntil);
  if (typeof waiter === 'string') return 'full';
  try {
    return await work(waiter);
  } finally {
    room.leave(waiter);
  }
}
