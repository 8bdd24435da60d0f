import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-pool-workers';
import { defineConfig } from 'vitest/config';
import { bundledSource } from './test/support/node/bundled-source.ts';
import { freePort } from './src/dev/free-port.ts';

const LIMITERS = ['REFUSED', 'LIST', 'LOOKUP', 'CHANGE', 'TRAFFIC'];
/** High limits, because all tests call with one key from one address. Tests of the limits use their own limiters. */
const ratelimits = Object.fromEntries(
  LIMITERS.map((name, index) => [
    `RATE_LIMIT_${name}`,
    { namespace_id: String(index + 1), simple: { limit: 1_000_000, period: 60 as const } },
  ]),
);
const PACKAGES = [
  '@cfworker/json-schema',
  '@hono/zod-openapi',
  'fast-check',
  'hono',
  'hono/cookie',
  'hono/cors',
  'hono/factory',
  'hono/http-exception',
  'hono/route',
  'standardwebhooks',
  'zod',
];
const migrations = await readD1Migrations('migrations');
// Chosen before the Worker starts: its configuration contains the URL of the alert webhook.
process.env['COMPONENT_SERVER_PORT'] ??= String(await freePort());

// Only variables with the prefix VITE_ reach the tests in the Worker.
for (const name of ['FUZZ_SEED', 'FUZZ_PATH', 'FUZZ_CASES']) {
  const value = process.env[name];
  if (value) process.env[`VITE_${name}`] = value;
}

/**
 * Three kinds of test. `core` is pure and runs in Node. `workers` runs inside workerd with the real objects, D1, Queue
 * and Workflow. `e2e` starts real processes and a real browser.
 */
export default defineConfig({
  test: {
    reporters: ['default', './test/support/node/closing-line-reporter.ts'],
    // Alarms, Workflows and the Queue outlive a test file, and then fail because its modules can no longer be loaded.
    onUnhandledError: ({ name }) => name !== 'EnvironmentTeardownError',
    projects: [
      {
        test: {
          name: 'core',
          sequence: { groupOrder: 0 },
          // Pure code keeps no state between test files.
          isolate: false,
          include: ['test/core/**/*.test.ts', 'test/{structure,client,sim,long-poll,alarm,logging,dev}/**/*.test.ts'],
          environment: 'node',
        },
      },
      {
        plugins: [
          bundledSource(),
          cloudflareTest({
            main: './src/index.ts',
            wrangler: { configPath: './wrangler.toml' },
            miniflare: {
              ratelimits,
              bindings: {
                COORDINATOR_ADMIN_KEY: 'admin-key-of-the-tests-0123456789abcdef',
                ALLOW_PRIVATE_ENDPOINTS: 'true',
                ALERT_WEBHOOK_URL: `http://127.0.0.1:${process.env['COMPONENT_SERVER_PORT']}/alert-receiver/hook`,
                ALERT_WEBHOOK_SECRET: 'whsec_dGVzdC1zZWNyZXQtb2YtdGhlLWFsZXJ0LXdlYmhvb2s=',
                TEST_MIGRATIONS: migrations,
              },
            },
          }),
        ],
        test: {
          name: 'workers',
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
          // Each file loads the whole Worker module by module. Bundling packages reduces their modules to a few.
          deps: { optimizer: { ssr: { enabled: true, include: PACKAGES } } },
          include: ['test/{api,edge,registry,coordinator,probe,history,recovery,deliveries,sweep}/**/*.test.ts'],
          setupFiles: ['./test/support/apply-migrations.ts', './test/support/event-conformance.ts'],
          globalSetup: ['./test/support/node/component-server.ts', './test/support/node/answer-server.ts'],
          testTimeout: 60_000,
          // Alarms and sockets are real: on a busy machine their timing may collapse. The report names each retry.
          retry: process.env['CI'] ? 1 : 0,
        },
      },
      {
        test: {
          name: 'e2e',
          sequence: { groupOrder: 2 },
          include: ['test/e2e/**/*.test.ts'],
          environment: 'node',
          testTimeout: 240_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
