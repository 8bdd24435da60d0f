/** Wire resource of a control secret. */
import { toIsoOrNull } from '../../core/component/resource.ts';
import type { ControlSecret } from '../../registry/contract/registry-api.ts';

export const toControlSecret = ({ secret, previousUntil }: ControlSecret) => ({
  secret,
  previousUntil: toIsoOrNull(previousUntil),
});
