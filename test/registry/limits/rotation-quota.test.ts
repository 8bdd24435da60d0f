import { expect, it, onTestFinished, vi } from 'vitest';
import { withControl } from '../../recovery/failing-component.ts';
import { freshId } from '../../support/coordinator-http.ts';
import { freshRegistry } from '../fresh-registry.ts';

it('a control secret can be rotated ten times at once, then once every six seconds', async () => {
  const registry = freshRegistry();
  const [id, other] = [freshId(), freshId()];
  for (const each of [id, other]) await registry.register(each, withControl());
  // The clock stands still, so that no tokens are refilled, however slow the machine is.
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const rotate = (whose = id) => registry.api.rotateControlSecret(whose);
  const granted = [];
  for (let time = 0; time < 10; time++) granted.push(await rotate());
  expect(granted.filter(({ ok }) => ok)).toHaveLength(10);
  expect(await rotate()).toMatchObject({ ok: false, reason: 'too-many-rotations', retryAfterMs: 6_000 });
  expect(await registry.api.controlSecret(id)).toEqual(granted.at(-1));
  expect(await rotate(other)).toMatchObject({ ok: true });
  vi.setSystemTime(Date.now() + 6_000);
  expect(await rotate()).toMatchObject({ ok: true });
  expect(await rotate()).toMatchObject({ ok: false });
});
