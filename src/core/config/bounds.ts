/** Schemas of single settings: each says, when it refuses, what it takes and what came. */
import * as z from 'zod';

interface Received {
  readonly input?: unknown;
}

/** As it came, if it is short: what is nested may be so without end. */
export function shown({ input }: Received): string {
  if (typeof input === 'string') return JSON.stringify(input.length > 60 ? `${input.slice(0, 60)}…` : input);
  if (Array.isArray(input)) return 'a list';
  return typeof input === 'object' && input !== null ? 'an object' : String(input);
}

export function whole(min: number, max: number, unit = '') {
  const error = (received: Received) => `a whole number from ${min} to ${max}${unit}, not ${shown(received)}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

export function upTo(max: number, unit = '') {
  const error = (received: Received) => `a number from 0 to ${max}${unit}, not ${shown(received)}`;
  return z.number({ error }).min(0, { error }).max(max, { error });
}

export const ms = (min: number, max: number) => whole(min, max, ' ms');
export const percent = () => upTo(100, ' percent');
export const flag = () => z.boolean({ error: (received) => `true or false, not ${shown(received)}` });
export const oneOf = <const T extends readonly string[]>(names: T) =>
  z.enum(names, { error: (received) => `one of ${names.join(', ')}, not ${shown(received)}` });
