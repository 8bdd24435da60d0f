import { expect, it } from 'vitest';
import { growthBy, heldBytes, registrationBytes } from '../../../src/core/component/registration-size.ts';
import { registrationOf } from './registration-of.ts';

const keeping = (details: boolean | string[]) => registrationOf({ healthCheck: { endpoint: '/health', details } });

it('counts the response that a registration keeps, but not towards its size as JSON', () => {
  for (const details of [true, ['/status']])
    expect(heldBytes(keeping(details)) - registrationBytes(keeping(details))).toBe(4_096);
  for (const silent of [
    keeping(false),
    registrationOf(),
    registrationOf({ healthCheck: undefined, heartbeat: { ttl: 5_000 } }),
  ])
    expect(heldBytes(silent)).toBe(registrationBytes(silent));
  expect(growthBy(keeping(true), keeping(false))).toBe(4_096 - 1);
  expect(growthBy(keeping(false), keeping(true))).toBe(1 - 4_096);
});
