import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { SUBJECT_QUOTA, type QuotaHolder } from '../../../src/core/quota/change-quota.ts';
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

const claim = (quotaHolder: QuotaHolder | null, keyId = 'k1', id = 'a') =>
  system.claim({ id, type: 'task_router', dependencies: [], owner: null, keyId, quotaHolder });

/** Claims until the first refusal, at most `most` times. Returns the number of accepted claims. */
async function claimRepeatedly(quotaHolder: QuotaHolder | null, most: number): Promise<number> {
  for (let held = 0; held < most; held++) if (!(await claim(quotaHolder, 'k1', `c${held}`)).ok) return held;
  return most;
}

describe('claims by one key', () => {
  it.each([
    { quotaHolder: 'component', burst: 20, retryAfterMs: 5_000 },
    { quotaHolder: 'registrar', burst: 1_200, retryAfterMs: 500 },
  ] as const)('as a $quotaHolder are limited to $burst at once, then one per $retryAfterMs ms', async (quota) => {
    const { quotaHolder, burst, retryAfterMs } = quota;
    expect(await claimRepeatedly(quotaHolder, burst + 10)).toBe(burst);
    expect(await claim(quotaHolder)).toMatchObject({ ok: false, reason: 'too-many-changes', retryAfterMs });
    vi.setSystemTime(START + retryAfterMs - 1);
    expect((await claim(quotaHolder)).ok).toBe(false);
    vi.setSystemTime(START + retryAfterMs);
    expect((await claim(quotaHolder)).ok).toBe(true);
    expect((await claim(quotaHolder)).ok).toBe(false);
  });

  it('are not counted without a quota holder', async () => {
    expect(await claimRepeatedly(null, 50)).toBe(50);
  });

  it('on one component are limited as well, and the limit is not that of another key', async () => {
    const most = SUBJECT_QUOTA.burst;
    for (let at = 0; at < most; at++) expect((await claim('operator')).ok).toBe(true);
    expect(await claim('operator')).toMatchObject({ ok: false, reason: 'too-many-changes', retryAfterMs: 1_000 });
    expect((await claim('operator', 'k1', 'b')).ok).toBe(true);
    expect((await claim('operator', 'k2')).ok).toBe(true);
  });

  it('do not use the quota of another key', async () => {
    await claimRepeatedly('component', 30);
    expect((await claim('component', 'k2')).ok).toBe(true);
  });

  it('beyond the quota leave no trace, and refused claims count as well', async () => {
    await system.registered('taken', 'agent_registry');
    const last = await system.claimed('x');
    for (let at = 0; at < 20; at++)
      expect(await claim('component', 'k1', 'taken')).toMatchObject({ reason: 'type-conflict' });
    expect(await claim('component')).toMatchObject({ reason: 'too-many-changes' });
    expect(await system.claimed('a', 'agent_registry')).toBe(last + 1);
  });
});

describe("a component's key", () => {
  const issue = { componentId: 'a', owner: null, quotaHolder: 'component' } as const;
  const made = (id: string) => ({ id, name: id, scopes: ['component:a'], digest, expiresAt: null, issue });
  const by = { ...ROOT, keyId: 'k1' };

  it('is created and rotated within the same quota as claims', async () => {
    await system.registered('a');
    expect(await claimRepeatedly('component', 18)).toBe(18);
    expect((await system.createKey(made('new'), by)).ok).toBe(true);
    expect((await system.rotateKey('new', { digest, overlapMs: 0, issue }, by)).ok).toBe(true);
    const refusal = { ok: false, reason: 'too-many-changes', retryAfterMs: 5_000 };
    expect(await system.createKey(made('more'), by)).toMatchObject(refusal);
    expect(await system.rotateKey('new', { digest, overlapMs: 0, issue }, by)).toMatchObject(refusal);
    expect(await system.key('more')).toBeNull();
  });

  it('uses no quota without a quota holder', async () => {
    await system.registered('a');
    await claimRepeatedly('component', 30);
    const free = { ...made('first'), issue: { ...issue, quotaHolder: null } };
    expect((await system.createKey(free, by)).ok).toBe(true);
  });
});

describe('changes that no registration makes', () => {
  it('of a configuration, a key, a silence and a webhook are charged to the key of the caller', async () => {
    const by = { ...ROOT, keyId: 'k1' };
    const scope = { kind: 'type', type: 'task_router' } as const;
    const put = (level: number) =>
      system.putConfig({ scope, document: { failureThreshold: level }, ifRevision: null, actor: by });
    for (let at = 0; at < SUBJECT_QUOTA.burst; at++) expect((await put(1 + (at % 5))).ok).toBe(true);
    const refusal = { ok: false, reason: 'too-many-changes', retryAfterMs: 1_000 };
    const before = await system.configAt(scope);
    expect(await put(9)).toMatchObject(refusal);
    expect(await system.configAt(scope)).toEqual(before);
    for (let at = 0; at < SUBJECT_QUOTA.burst; at++) await system.revokeKey('k2', { cascade: false }, by);
    expect(await system.revokeKey('k2', { cascade: false }, by)).toMatchObject(refusal);
    for (let at = 0; at < SUBJECT_QUOTA.burst; at++) await system.webhookTest('none', 't', by);
    expect(await system.webhookTest('none', 't', by)).toMatchObject(refusal);
    for (let at = 0; at < SUBJECT_QUOTA.burst; at++) await system.endSilence('none', by);
    expect(await system.endSilence('none', by)).toMatchObject(refusal);
  });
});
