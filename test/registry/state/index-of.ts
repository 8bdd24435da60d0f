import { DEFAULT_CONFIG } from '../../../src/core/config/system-config.ts';
import { Downtime } from '../../../src/registry/state/downtime.ts';
import type { Member } from '../../../src/registry/state/member.ts';
import { MemberIndex } from '../../../src/registry/state/member-index.ts';

/** The index of members under the default configuration. */
export function indexOf(members: readonly Member[]): MemberIndex {
  const index = new MemberIndex({ downtime: new Downtime(), configFor: () => DEFAULT_CONFIG });
  for (const member of members) index.add(member);
  return index;
}
