import { expect, it } from 'vitest';
import { weaknessOfAdminKey } from '../../../src/core/access/admin-key.ts';

it.each<[string, RegExp | null]>([
  ['change-me', /too short/],
  ['a'.repeat(31), /too short/],
  ['change-me-change-me-change-me-now', /from an example/],
  ['ChangeMe0123456789abcdefghijklmnop', /from an example/],
  ['my-password-is-long-enough-0123456789', /from an example/],
  ['a'.repeat(64), /repeats few characters/],
  ['abababababababababababababababab', /repeats few characters/],
  ['9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08', null],
  ['arb_dev_rZ3vYc0oQxk1mJ8nL5tWbA2dE7fG9hKu', null],
])('%j is weak: %s', (key, expected) => {
  const weakness = weaknessOfAdminKey(key);
  if (expected === null) expect(weakness).toBeNull();
  else expect(weakness).toMatch(expected);
});
