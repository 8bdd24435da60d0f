/** `npm run bench`: measurements inside workerd. They print figures and judge nothing: machines differ. */
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-pool-workers';
import { defineConfig } from 'vitest/config';

const migrations = await readD1Migrations('migrations');

export default defineConfig({
  plugins: [
    cloudflareTest({
      main: './src/index.ts',
      wrangler: { configPath: './wrangler.toml' },
      miniflare: {
        bindings: {
          COORDINATOR_ADMIN_KEY: 'test-admin-key',
          ALLOW_PRIVATE_ENDPOINTS: 'true',
          TEST_MIGRATIONS: migrations,
        },
      },
    }),
  ],
  test: {
    include: ['test/bench/**/*.bench.ts'],
    setupFiles: ['./test/support/apply-migrations.ts'],
    testTimeout: 300_000,
  },
});
