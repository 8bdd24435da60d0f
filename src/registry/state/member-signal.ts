/** A signal about a member of the registry, and the check that it ends. */
import type { Member } from './member.ts';
import type { HealthSignal } from '../../core/health/observe-health.ts';
import type { Check } from '../../core/health/check.ts';

/** A signal about a member, with the check it ends, if it ends one. */
export interface MemberSignal {
  readonly member: Member;
  readonly signal: HealthSignal;
  readonly ended: Check | null;
}
