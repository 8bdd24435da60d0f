import { toIsoOrNull } from '../../core/component/resource.ts';
import type { ControlSecret } from '../../registry/contract/registry-api.ts';

/** A control secret as callers see it. */
export const toControlSecret = ({ secret, previousUntil }: ControlSecret) => ({
  secret,
  previousUntil: toIsoOrNull(previousUntil),
});
