import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHANGE_QUOTAS, SUBJECT_QUOTA } from '../../../src/core/quota/change-quota.ts';
import type { QuotaHolder } from '../../../src/core/quota/change-quota.ts';
import { ChangeRateLimiter } from '../../../src/core/quota/change-rate-limiter.ts';

const holders = fc.constantFrom<QuotaHolder>('component', 'registrar', 'operator');

describe('ChangeRateLimiter', () => {
  it('lets no key make more changes in a minute than its burst and its rate, in all and of one subject', () => {
    fc.assert(
      fc.property(holders, fc.boolean(), fc.integer({ min: 2, max: 500 }), (quotaHolder, isSameSubject, everyMs) => {
        const limiter = new ChangeRateLimiter();
        let granted = 0;
        for (let now = 0; now <= 60_000; now += everyMs) {
          const subject = isSameSubject ? 's' : `s${now}`;
          if (!limiter.refuse({ keyId: 'k', quotaHolder, subject }, now)) granted++;
        }
        const { burst, perSecond } = CHANGE_QUOTAS[quotaHolder];
        expect(granted).toBeLessThanOrEqual(burst + perSecond * 60);
        if (isSameSubject) expect(granted).toBeLessThanOrEqual(SUBJECT_QUOTA.burst + SUBJECT_QUOTA.perSecond * 60);
      }),
      { numRuns: 30 },
    );
  });

  it('lets no key use up what another key may change', () => {
    const limiter = new ChangeRateLimiter();
    const change = (keyId: string) => limiter.refuse({ keyId, quotaHolder: 'operator', subject: 'component a' }, 0);
    for (let at = 0; at < 1_000; at++) change('attacker');
    expect(change('attacker')).toMatchObject({ reason: 'too-many-changes' });
    expect(change('other')).toBeNull();
  });
});
