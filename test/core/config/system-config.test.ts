import { expect, it } from 'vitest';
import { DEFAULT_CONFIG } from '../../../src/core/config/system-config.ts';

it('the system configuration has the documented defaults', () => {
  expect(DEFAULT_CONFIG).toMatchObject({
    healthCheckInterval: 10_000,
    failureThreshold: 3,
    recoveryTimeout: 300_000,
    loadBalancingEnabled: true,
    autoScalingEnabled: false,
    maxComponentsPerType: 1_000,
    failureWindow: 300_000,
    healthyThreshold: 2,
    unhealthyThreshold: 1,
    maxDetectionMs: 10_000,
    probeBudgetPerSecond: 100,
  });
});
