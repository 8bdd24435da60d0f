import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GlobalConfigSchema, SettingsSchema, TypeConfigSchema } from '../../../src/core/config/settings.ts';
import { DEFAULT_SETTINGS } from '../../../src/core/config/system-config.ts';

const part = (percent: number, match: Record<string, string> = { track: 'canary' }) => ({ match, percent });
const parts = (count: number, percent: number) => Array.from({ length: count }, () => part(percent));

/** Smallest and largest accepted values. */
const BOUNDS: readonly (readonly [keyof typeof DEFAULT_SETTINGS, number, number])[] = [
  ['healthCheckInterval', 1_000, 3_600_000],
  ['failureThreshold', 1, 100],
  ['recoveryTimeout', 10_000, 86_400_000],
  ['maxComponentsPerType', 1, 10_000],
  ['failureWindow', 1_000, 86_400_000],
  ['healthyThreshold', 1, 20],
  ['unhealthyThreshold', 1, 20],
  ['flapWindow', 1_000, 86_400_000],
  ['flapHoldMs', 0, 300_000],
  ['ejectionFailures', 1, 1_000],
  ['ejectionMs', 0, 300_000],
  ['maxDetectionMs', 0, 3_600_000],
  ['snapshotMaxAgeMs', 1_000, 60_000],
  ['panicThreshold', 0, 100],
  ['slowStartMs', 0, 3_600_000],
];

const ALERT = { action: 'alert' };
const policy = (actions: readonly object[]) => ({ recovery: { timeout_failure: { actions } } });
const step = (field: string) => `recovery.timeout_failure.actions.0.${field}`;

const faultsOf = (document: unknown, schema: typeof GlobalConfigSchema | typeof TypeConfigSchema = TypeConfigSchema) =>
  schema.safeParse(document).error?.issues.map(({ path, message }) => [path.join('.'), message]) ?? [];

describe('a settings document', () => {
  it('may contain no setting, or all', () => {
    expect(GlobalConfigSchema.parse({})).toEqual({});
    expect(GlobalConfigSchema.parse(DEFAULT_SETTINGS)).toEqual(DEFAULT_SETTINGS);
    const { newTypes: _, retention: __, ...ofOneType } = DEFAULT_SETTINGS;
    const all = { ...ofOneType, requestTypes: ['tea_making'] };
    expect(TypeConfigSchema.parse(all)).toEqual(all);
  });

  it.each(BOUNDS)('accepts %s from %d to %d and names the bounds otherwise', (name, least, most) => {
    for (const good of [least, most]) expect(faultsOf({ [name]: good })).toEqual([]);
    for (const bad of [least - 1, most + 1]) {
      const message = expect.stringMatching(new RegExp(`from ${least} to ${most}.*, not ${bad}$`));
      expect(faultsOf({ [name]: bad })).toEqual([[name, message]]);
    }
  });

  it.each<[string, unknown, string, RegExp]>([
    ['a value in seconds', { recoveryTimeout: 1 }, 'recoveryTimeout', /from 10000 to 86400000 ms, not 1$/],
    ['text instead of a number', { failureThreshold: '3' }, 'failureThreshold', /whole number from 1 to 100, not "3"$/],
    ['a fraction', { failureThreshold: 1.5 }, 'failureThreshold', /not 1\.5$/],
    ['null', { failureThreshold: null }, 'failureThreshold', /not null$/],
    ['a list', { healthyThreshold: [[[1]]] }, 'healthyThreshold', /not a list$/],
    ['text instead of a flag', { loadBalancingEnabled: 'no' }, 'loadBalancingEnabled', /true or false, not "no"$/],
    ['an unknown policy', { balancingPolicy: 'best' }, 'balancingPolicy', /least-time, score, .*, not "best"$/],
    ['a long word', { noHealthyPolicy: 'x'.repeat(500) }, 'noHealthyPolicy', /not "x{60}…"$/],
    ['an object', { noHealthyPolicy: {} }, 'noHealthyPolicy', /reject, fail-open, not an object$/],
    ['an unknown setting', { maxComponents: 3 }, '', /maxComponents/],
    ['an unknown failure type', { recovery: { bad_day: {} } }, 'recovery', /bad_day/],
    ['a policy without actions', policy([]), 'recovery.timeout_failure.actions', /at least one action/],
    [
      'too many actions',
      policy(Array.from({ length: 9 }, () => ALERT)),
      'recovery.timeout_failure.actions',
      /at most 8/,
    ],
    ['an unknown action', policy([{ action: 'pray' }]), step('action'), /one of restart, .*, not "pray"$/],
    ['too many attempts', policy([{ ...ALERT, attempts: 6 }]), step('attempts'), /from 1 to 5, not 6$/],
    ['a backoff too short', policy([{ ...ALERT, backoffMs: 99 }]), step('backoffMs'), /from 100 to 10000 ms, not 99$/],
    [
      'a last action without verification',
      policy([{ ...ALERT, verifyMs: 0 }]),
      step('verifyMs'),
      /above 0 for the last/,
    ],
    [
      'a replacement of no previous step',
      policy([{ ...ALERT, onlyIfPreviousSkipped: true }]),
      step('onlyIfPreviousSkipped'),
      /none/,
    ],
    [
      'parameters of an action without a receiver',
      policy([{ ...ALERT, parameters: {} }]),
      step('parameters'),
      /only with restart and scale_up/,
    ],
    [
      'a duration of an action without one',
      policy([{ ...ALERT, durationMs: 1_000 }]),
      step('durationMs'),
      /only with isolate, not with alert/,
    ],
    [
      'a cooldown above its maximum',
      { recovery: { timeout_failure: { actions: [ALERT], cooldownMs: 9, maxCooldownMs: 8 } } },
      'recovery.timeout_failure.maxCooldownMs',
      /at least cooldownMs: 8 with 9$/,
    ],
    [
      'an unknown priority',
      policy([{ ...ALERT, priority: 'urgent' }]),
      step('priority'),
      /one of low, medium, high, critical, not "urgent"$/,
    ],
    ['a target that is no webhook id', policy([{ ...ALERT, target: '#ops' }]), step('target'), /1 to 64 of a-z/],
    [
      'a target of a restart',
      policy([{ action: 'restart', target: 'slack' }]),
      step('target'),
      /only with alert, not with restart$/,
    ],
    ['a priority of a restart', policy([{ action: 'restart', priority: 'low' }]), step('priority'), /only with alert/],
    ['retention for one type', { retention: { failureDays: 3 } }, '', /retention/],
    ['a canary that is not text', { canaryUrl: 7 }, 'canaryUrl', /a URL or null, not 7$/],
    ['an unknown self-doubt mode', { selfDoubt: 'a bit' }, 'selfDoubt', /one of auto, always, never/],
    ['incomplete score weights', { scoreWeights: { degraded: 5 } }, 'scoreWeights.per100Ms', /./],
    ['a negative part', { trafficSplit: [part(-1)] }, 'trafficSplit.0.percent', /from 0 to 100 percent, not -1$/],
    ['a part that matches everything', { trafficSplit: [part(1, {})] }, 'trafficSplit.0.match', /at least one entry/],
    ['parts above 100 percent', { trafficSplit: parts(3, 33.4) }, 'trafficSplit', /at most 100 percent, not 100\.2$/],
    [
      'a controller without actions',
      { controller: { url: 'https://c.example', actions: [] } },
      'controller.actions',
      /one/,
    ],
    ['a controller without a URL', { controller: { actions: ['restart'] } }, 'controller.url', /./],
    ['a block of one slot', { leaseBlocks: { size: 1 } }, 'leaseBlocks.size', /from 2 to 256 slots, not 1$/],
    ['a block without a size', { leaseBlocks: {} }, 'leaseBlocks.size', /from 2 to 256 slots/],
    ['too many parts', { trafficSplit: parts(17, 1) }, 'trafficSplit', /at most 16 parts/],
    ['a request type with spaces', { requestTypes: ['make tea'] }, 'requestTypes.0', /1 to 64 of letters/],
    ['a repeated request type', { requestTypes: ['tea', 'tea'] }, 'requestTypes', /at most once/],
    ['too many request types', { requestTypes: Array.from({ length: 65 }, (_, at) => `t${at}`) }, 'requestTypes', /64/],
  ])('refuses %s and names the field', (_, document, path, message) => {
    const faults = faultsOf(document);
    expect(faults[0]).toEqual([path, expect.stringMatching(message)]);
  });

  it('accepts parts that sum up to 100 percent despite rounding', () => {
    for (const leaseBlocks of [null, { size: 2 }, { size: 256 }]) expect(faultsOf({ leaseBlocks })).toEqual([]);
    expect(faultsOf({ trafficSplit: [part(33.3), part(33.3), part(33.4)] })).toEqual([]);
    expect(faultsOf({ trafficSplit: [...parts(9, 10), part(9.9), part(0.1)] })).toEqual([]);
  });

  it('may not set request types globally', () => {
    expect(faultsOf({ requestTypes: ['tea'] }, GlobalConfigSchema)).toEqual([
      ['', expect.stringMatching('requestTypes')],
    ]);
  });

  it('accepts a policy for one failure type, and history retention', () => {
    const restart = { action: 'restart', attempts: 5, verifyMs: 5_000, parameters: { grace: [1] } };
    const isolate = { action: 'isolate', durationMs: 60_000 };
    const alert = { action: 'alert', target: 'oncall-slack', priority: 'high' };
    expect(faultsOf(policy([{ ...restart, verifyMs: 0 }, isolate, alert, restart]))).toEqual([]);
    expect(faultsOf({ retention: { failureDays: 1, incidentDays: 3_650 } }, GlobalConfigSchema)).toEqual([]);
    expect(faultsOf({ retention: { failureDays: 0 } }, GlobalConfigSchema)).toEqual([
      ['retention.failureDays', 'a whole number from 1 to 3650 days, not 0'],
    ]);
  });

  it('has a size limit', () => {
    const match = Object.fromEntries(Array.from({ length: 16 }, (_, at) => [`key-${at}`, 'v'.repeat(256)]));
    const faults = faultsOf({ trafficSplit: Array.from({ length: 16 }, () => part(1, match)) });
    expect(faults).toEqual([['', 'at most 16384 bytes in all']]);
  });
});

describe('docs/reference/configuration.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/reference/configuration.md'), 'utf8');
  const rows = new Map(
    page
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .map(([, name = '', standard = '', bounds = '']) => [name.replaceAll('`', ''), { standard, bounds }]),
  );

  it.each(Object.keys(SettingsSchema.shape))('lists %s with its default', (name) => {
    const value = DEFAULT_SETTINGS[name as keyof typeof DEFAULT_SETTINGS];
    const shown = typeof value === 'object' ? /./ : new RegExp(`^\`?${String(value)}\`?$`);
    expect(rows.get(name)?.standard.replaceAll(/(?<=\d) (?=\d)/g, '')).toMatch(shown);
  });

  it.each(BOUNDS)('lists the bounds of %s', (name, least, most) => {
    expect(rows.get(name)?.bounds.replaceAll(/(?<=\d) (?=\d)/g, '')).toContain(`${least} to ${most}`);
  });
});
