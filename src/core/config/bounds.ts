/** Zod schemas of single settings. Each error message states the accepted range or names and the value received. */
import * as z from 'zod';

interface Received {
  readonly input?: unknown;
}

/** The received value for an error message. Texts are cut at 60 characters; lists and objects are only named. */
export function describeReceived({ input }: Received): string {
  if (typeof input === 'string') return JSON.stringify(input.length > 60 ? `${input.slice(0, 60)}…` : input);
  if (Array.isArray(input)) return 'a list';
  return typeof input === 'object' && input !== null ? 'an object' : String(input);
}

export function integer(min: number, max: number, unit = '') {
  const error = (received: Received) =>
    `a whole number from ${min} to ${max}${unit}, not ${describeReceived(received)}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

export function numberUpTo(max: number, unit = '') {
  const error = (received: Received) => `a number from 0 to ${max}${unit}, not ${describeReceived(received)}`;
  return z.number({ error }).min(0, { error }).max(max, { error });
}

export const ms = (min: number, max: number) => integer(min, max, ' ms');
export const percent = () => numberUpTo(100, ' percent');
export const flag = () => z.boolean({ error: (received) => `true or false, not ${describeReceived(received)}` });
export const oneOf = <const T extends readonly string[]>(names: T) =>
  z.enum(names, { error: (received) => `one of ${names.join(', ')}, not ${describeReceived(received)}` });
