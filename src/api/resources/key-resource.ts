/** Wire resource of a key. Invariant: digests never leave the API. */
import type { AccessKey } from '../../core/access/access-key.ts';
import { keyStateOf } from '../../core/access/access-key.ts';
import { toIso, toIsoOrNull } from '../../core/component/resource.ts';
import type { NewKey } from '../auth/issue-key.ts';
import type { KeyResource } from '../schemas/key.ts';

export const toKeyResource = (key: AccessKey): KeyResource => ({
  id: key.id,
  name: key.name,
  scopes: [...key.scopes],
  state: keyStateOf(key, Date.now()),
  createdAt: toIso(key.createdAt),
  expiresAt: toIsoOrNull(key.expiresAt),
  revokedAt: toIsoOrNull(key.revokedAt),
  lastUsedAt: toIsoOrNull(key.lastUsedAt),
  secrets: key.secrets.map(({ createdAt, endsAt }) => ({ createdAt: toIso(createdAt), endsAt: toIsoOrNull(endsAt) })),
  issuedBy: key.issuedBy,
  issuedTo: key.issuedTo,
  quotas: key.quotas,
});

/** Resource with the key in plain text, for the single response that shows it. */
export const toNewKeyResource = ({ record, key }: NewKey) => ({ ...toKeyResource(record), key });
