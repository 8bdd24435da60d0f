import { describe, expect, it } from 'vitest';
import type { DeployConfig } from '../../src/dev/deploy/deploy-faults.ts';
import { findConfigFaults, findSecretFaults } from '../../src/dev/deploy/deploy-faults.ts';

const DATABASE = { binding: 'HISTORY', name: 'arbiter-history-production', id: 'f00' };
const sound: DeployConfig = { vars: {}, databases: [DATABASE] };

describe('the configuration of a deployment', () => {
  it('passes when nothing unsafe is set', () => expect(findConfigFaults(sound, 'production')).toEqual([]));

  it.each<[string, DeployConfig, RegExp]>([
    ['a database without an id', { ...sound, databases: [{ ...DATABASE, id: undefined }] }, /wrangler d1 create/],
    ['an admin key in the file', { ...sound, vars: { COORDINATOR_ADMIN_KEY: 'x' } }, /store it as a secret/],
    ['private endpoints', { ...sound, vars: { ALLOW_PRIVATE_ENDPOINTS: 'true' } }, /public addresses only/],
  ])('is refused with %s', (_, config, expected) => {
    const faults = findConfigFaults(config, 'production');
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(expected);
  });
});

describe('the secrets of a deployment', () => {
  it.each<[string, string[], Record<string, string>, RegExp[]]>([
    ['the admin key alone', ['COORDINATOR_ADMIN_KEY'], {}, []],
    ['nothing', [], {}, [/COORDINATOR_ADMIN_KEY is not set.*openssl rand/]],
    [
      'private endpoints allowed',
      ['COORDINATOR_ADMIN_KEY', 'ALLOW_PRIVATE_ENDPOINTS'],
      {},
      [/secret delete ALLOW_PRIVATE_ENDPOINTS --env production/],
    ],
    ['an alert channel without its secret', ['COORDINATOR_ADMIN_KEY', 'ALERT_WEBHOOK_URL'], {}, [/or neither/]],
    [
      'an alert channel whose URL is a variable',
      ['COORDINATOR_ADMIN_KEY', 'ALERT_WEBHOOK_SECRET'],
      { ALERT_WEBHOOK_URL: 'https://hooks.example.com' },
      [],
    ],
  ])('are judged with %s', (_, names, vars, expected) => {
    const faults = findSecretFaults(names, vars, 'production');
    expect(faults).toHaveLength(expected.length);
    for (const [index, pattern] of expected.entries()) expect(faults[index]).toMatch(pattern);
  });
});
