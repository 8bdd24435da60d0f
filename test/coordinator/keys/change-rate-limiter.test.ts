import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ChangeRateLimiter } from '../../../src/coordinator/keys/change-rate-limiter.ts';
import type { QuotaHolder } from '../../../src/core/quota/change-quota.ts';
import type { FreshCoordinator } from '../fresh-coordinator.ts';
import { freshCoordinator } from '../fresh-coordinator.ts';

const ROOT = { keyId: 'root', keyName: 'admin key', address: null, requestId: 'r' };
const START = Date.now();
const digest = 'd'.repeat(64);

let system: FreshCoordinator;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: START });
  onTestFinished(() => void vi.useRealTimers());
  system = freshCoordinator();
  for (const id of ['k1', 'k2'])
    await system.createKey({ id, name: id, scopes: ['component:a'], digest, expiresAt: null, issue: null }, ROOT);
});

const claim = (changer: QuotaHolder | null, keyId = 'k1', id = 'a') =>
  system.claim({ id, type: 'task_router', dependencies: [], owner: null, keyId, quotaHolder: changer });

/** Claims until it is refused; answers how many were held. */
async function spend(changer: QuotaHolder | null, most: number): Promise<number> {
  for (let held = 0; held < most; held++) if (!(await claim(changer)).ok) return held;
  return most;
}

function takeAll(gate: ChangeRateLimiter, keyId: string): void {
  for (let at = 0; at < 20; at++) expect(gate.refuse(keyId, 'component', START)).toBeNull();
}

describe('claims by one key', () => {
  it.each([
    { changer: 'component', burst: 20, retryAfterMs: 5_000 },
    { changer: 'registrar', burst: 1_200, retryAfterMs: 500 },
  ] as const)('as a $changer are held $burst at once, then one in $retryAfterMs ms', async (quota) => {
    const { changer, burst, retryAfterMs } = quota;
    expect(await spend(changer, burst + 10)).toBe(burst);
    expect(await claim(changer)).toMatchObject({ ok: false, reason: 'too-many-changes', retryAfterMs });
    vi.setSystemTime(START + retryAfterMs - 1);
    expect((await claim(changer)).ok).toBe(false);
    vi.setSystemTime(START + retryAfterMs);
    expect((await claim(changer)).ok).toBe(true);
    expect((await claim(changer)).ok).toBe(false);
  });

  it('are not counted for those who have no quota', async () => {
    expect(await spend(null, 50)).toBe(50);
  });

  it('take nothing from another key', async () => {
    await spend('component', 30);
    expect((await claim('component', 'k2')).ok).toBe(true);
  });

  it('leave nothing when they are beyond it, and cost also when they are refused', async () => {
    await system.registered('taken', 'agent_registry');
    const last = await system.claimed('x');
    for (let at = 0; at < 20; at++)
      expect(await claim('component', 'k1', 'taken')).toMatchObject({ reason: 'type-conflict' });
    expect(await claim('component')).toMatchObject({ reason: 'too-many-changes' });
    expect(await system.claimed('a', 'agent_registry')).toBe(last + 1);
  });
});

describe("a component's key", () => {
  const issue = { componentId: 'a', owner: null, changer: 'component' } as const;
  const made = (id: string) => ({ id, name: id, scopes: ['component:a'], digest, expiresAt: null, issue });
  const by = { ...ROOT, keyId: 'k1' };

  it('is made and rotated out of the same quota as claims', async () => {
    await system.registered('a');
    expect(await spend('component', 18)).toBe(18);
    expect((await system.createKey(made('new'), by)).ok).toBe(true);
    expect((await system.rotateKey('new', { digest, overlapMs: 0, issue }, by)).ok).toBe(true);
    const refusal = { ok: false, reason: 'too-many-changes', retryAfterMs: 5_000 };
    expect(await system.createKey(made('more'), by)).toMatchObject(refusal);
    expect(await system.rotateKey('new', { digest, overlapMs: 0, issue }, by)).toMatchObject(refusal);
    expect(await system.key('more')).toBeNull();
  });

  it('costs nothing where nobody is charged for it', async () => {
    await system.registered('a');
    await spend('component', 30);
    const free = { ...made('first'), issue: { ...issue, changer: null } };
    expect((await system.createKey(free, by)).ok).toBe(true);
  });
});

describe('the buckets', () => {
  it('are so many at most: the one not used for longest goes', () => {
    const gate = new ChangeRateLimiter(2);
    takeAll(gate, 'a');
    takeAll(gate, 'b');
    expect(gate.refuse('a', 'component', START)).not.toBeNull();
    expect(gate.refuse('c', 'component', START)).toBeNull();
    expect(gate.refuse('a', 'component', START)).not.toBeNull();
    expect(gate.refuse('b', 'component', START)).toBeNull();
  });
});
