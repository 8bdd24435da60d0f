import { expect, it } from 'vitest';
import { silenceLimitMs } from '../../../src/core/health/heartbeat-deadline.ts';

it.each([
  [1_000, 1_100],
  [1_001, 1_102],
  [15_000, 16_500],
  [50_000, 55_000],
  [3_600_000, 3_605_000],
])('a TTL of %i ms allows %i ms of silence', (ttl, limit) => {
  expect(silenceLimitMs(ttl)).toBe(limit);
});
