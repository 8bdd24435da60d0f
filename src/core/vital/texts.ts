/** Texts of vital messages, cut to their bound. */
import type { Warnings } from './warnings.ts';
import { shown } from './warnings.ts';

/** At most `max` UTF-16 units of a text, without half a code point at its end. */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text;
  const last = text.charCodeAt(max - 1);
  const isHalf = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, isHalf ? max - 1 : max);
}

/** The text, cut to `max` characters. A number or a boolean reads as its text; anything else is dropped. */
export function readText(value: unknown, path: string, max: number, warnings: Warnings): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
    warnings.add(path, `ignored: expected a text, received ${shown(value)}`);
    return undefined;
  }
  const text = String(value);
  if (text.length <= max) return text;
  warnings.add(path, `cut to ${max} characters, received ${text.length}`);
  return cutText(text, max);
}
