/** Event queue, earliest first: a binary heap of times, each with an event number. */
export interface EventQueue {
  times: Float64Array;
  events: Int32Array;
  size: number;
}

export const emptyQueue = (): EventQueue => ({ times: new Float64Array(1024), events: new Int32Array(1024), size: 0 });

/** Time of the next event; Infinity if the queue is empty. */
export const nextTime = ({ times, size }: EventQueue): number => (size === 0 ? Infinity : times[0]!);

export function push(queue: EventQueue, time: number, event: number): void {
  if (queue.size === queue.times.length) enlarge(queue);
  const { times, events } = queue;
  let at = queue.size++;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (times[parent]! <= time) break;
    times[at] = times[parent]!;
    events[at] = events[parent]!;
    at = parent;
  }
  times[at] = time;
  events[at] = event;
}

/** Removes the earliest event and returns its number. */
export function pop(queue: EventQueue): number {
  const { times, events } = queue;
  const first = events[0]!;
  const size = --queue.size;
  const time = times[size]!;
  const event = events[size]!;
  let at = 0;
  for (let child = 1; child < size; child = 2 * at + 1) {
    if (child + 1 < size && times[child + 1]! < times[child]!) child++;
    if (times[child]! >= time) break;
    times[at] = times[child]!;
    events[at] = events[child]!;
    at = child;
  }
  times[at] = time;
  events[at] = event;
  return first;
}

function enlarge(queue: EventQueue): void {
  const times = new Float64Array(queue.times.length * 2);
  times.set(queue.times);
  const events = new Int32Array(queue.events.length * 2);
  events.set(queue.events);
  queue.times = times;
  queue.events = events;
}
