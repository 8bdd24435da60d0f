/** A health signal about one member of the registry. */
import type { Member } from './member.ts';
import type { HealthSignal } from '../../core/health/observe-health.ts';
import type { Check } from '../../core/health/check.ts';

export interface MemberSignal {
  readonly member: Member;
  readonly signal: HealthSignal;
  /** The check that the signal ends; null if it ends none. */
  readonly ended: Check | null;
  /** Id of the key whose call caused the signal; absent if no call did. */
  readonly keyId?: string;
}
