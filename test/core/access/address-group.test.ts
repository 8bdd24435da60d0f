import { describe, expect, it } from 'vitest';
import { addressGroup } from '../../../src/core/access/address-group.ts';

describe('addressGroup', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['fe80::', 'fe80:0:0:0::/64'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['', 'unknown'],
    [undefined, 'unknown'],
  ])('%s → %s', (address, group) => {
    expect(addressGroup(address)).toBe(group);
  });

  it('is the same for every spelling of an address', () => {
    const written = ['2001:db8:0:0:1::', '2001:db8::1:0:0:0', '2001:0db8:0000:0000:0001:0000:0000:0000'];
    expect(new Set(written.map(addressGroup)).size).toBe(1);
  });
});
