/**
 * The dashboard in a real browser, with a real coordinator and real component processes.
 * The page requests the key, shows the demo fleet, and shows a component fail and recover.
 *
 * `PICTURE=docs/dashboard.png` also saves a screenshot during the recovery.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CoordinatorClient } from '../../src/client/coordinator-client.ts';
import { Fleet } from '../../src/demo/fleet.ts';
import type { LaunchedCoordinator } from '../../src/dev/launch-coordinator.ts';
import { launchCoordinator } from '../../src/dev/launch-coordinator.ts';
import type { Browser } from '../support/node/browser.ts';
import { openBrowser } from '../support/node/browser.ts';
import { waitUntil } from '../support/node/wait-until.ts';

const VICTIM = 'demo-task-router-2';

let persistTo: string;
let coordinator: LaunchedCoordinator;
let fleet: Fleet;
let browser: Browser;

beforeAll(async () => {
  persistTo = await mkdtemp(join(tmpdir(), 'arbiter-page-'));
  [coordinator, fleet, browser] = await Promise.all([launchCoordinator({ persistTo }), Fleet.create(), openBrowser()]);
  await fleet.start();
});

afterAll(async () => {
  await browser?.close();
  await fleet?.dispose();
  await coordinator?.stop();
  await rm(persistTo, { recursive: true, force: true, maxRetries: 3 });
});

const rowStatus = (page: Page, id: string) =>
  page.locator(`[data-testid=component-row][data-id="${id}"]`).getAttribute('data-status');

it('the dashboard shows a component fail and recover', async () => {
  const page = await browser.context.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    // Chromium itself reports the refused key as a failed resource.
    if (message.type() === 'error' && !message.text().includes('401')) errors.push(message.text());
  });
  const client = new CoordinatorClient({ baseUrl: coordinator.url, key: coordinator.key });

  await page.goto(coordinator.url);
  await page.getByLabel('Access key').fill('not-the-key');
  await page.getByTestId('key-form').getByRole('button').click();
  await page.getByRole('alert').filter({ hasText: /key/i }).waitFor();
  await page.getByLabel('Access key').fill(coordinator.key);
  await page.getByTestId('key-form').getByRole('button').click();
  await page.getByTestId('overall-status').waitFor();
  await page.getByTestId('type-tile').nth(5).waitFor();

  await fleet.register(client);
  await page
    .locator('[data-testid=component-row][data-status=healthy]')
    .nth(fleet.components.length - 1)
    .waitFor();
  expect(await page.getByTestId('component-row').count()).toBe(fleet.components.length);

  fleet.get(VICTIM).signal('SIGKILL');
  await waitUntil(
    () => rowStatus(page, VICTIM),
    (status) => status === 'unhealthy',
    15_000,
  );
  await page.getByTestId('issue').filter({ hasText: VICTIM }).first().waitFor();
  await page.getByTestId('recovery').filter({ hasText: VICTIM }).waitFor({ timeout: 20_000 });
  if (process.env['PICTURE']) await page.screenshot({ path: process.env['PICTURE'], fullPage: false });
  await waitUntil(
    () => rowStatus(page, VICTIM),
    (status) => status === 'healthy',
    30_000,
  );
  await waitUntil(
    () => page.getByTestId('recovery').count(),
    (count) => count === 0,
    15_000,
  );

  const row = page.locator(`[data-testid=component-row][data-id="${VICTIM}"]`);
  await row.getByTestId('component-details').locator('summary').click();
  await row.getByTestId('availability').filter({ hasText: '% last hour' }).waitFor();
  await row.getByRole('button', { name: 'Drain' }).click();
  await row.getByTestId('lifecycle').filter({ hasText: 'draining' }).waitFor();
  if (process.env['PICTURE_OF_ACTIONS'])
    await page.screenshot({ path: process.env['PICTURE_OF_ACTIONS'], fullPage: true });
  await row.getByRole('button', { name: 'Restore' }).click();
  await row.getByTestId('lifecycle').waitFor({ state: 'detached' });

  await page.reload();
  await page.getByTestId('overall-status').waitFor();
  expect(await page.getByTestId('key-form').count()).toBe(0);
  expect(errors).toEqual([]);
  await page.close();
});

/** Cookies and storage that a script on the page can read. */
const readableByScripts = (page: Page) =>
  page.evaluate(() => [document.cookie, localStorage.length, sessionStorage.length]);

async function signIn(page: Page, key: string): Promise<void> {
  await page.getByLabel('Access key').fill(key);
  await page.getByTestId('key-form').getByRole('button').click();
}

it('the dashboard keeps its key out of reach of scripts, and signs out when the key is revoked', async () => {
  const admin = { authorization: `Bearer ${coordinator.key}`, 'content-type': 'application/json' };
  const make = async (scopes: readonly string[]) => {
    const body = JSON.stringify({ name: 'a screen in the hall', scopes });
    const made = await fetch(`${coordinator.url}/v1/keys`, { method: 'POST', headers: admin, body });
    return (await made.json()) as { id: string; key: string };
  };
  const [viewer, router] = [await make(['viewer']), await make(['router'])];
  await browser.context.clearCookies();
  const page = await browser.context.newPage();
  await page.goto(coordinator.url);

  await signIn(page, router.key);
  await page.getByRole('alert').filter({ hasText: 'may not view the system' }).waitFor();
  expect(await browser.context.cookies()).toEqual([]);

  await signIn(page, viewer.key);
  await page.getByTestId('component-details').first().locator('summary').click();
  await page.getByTestId('availability').first().waitFor();
  expect(await page.getByTestId('component-details').first().getByRole('button').count()).toBe(0);
  await page.getByTestId('overall-status').waitFor();
  expect(await page.getByTestId('holder').textContent()).toBe('a screen in the hall');
  expect(await readableByScripts(page)).toEqual(['', 0, 0]);
  expect(await browser.context.cookies()).toMatchObject([
    { name: '__Host-arbiter-session', httpOnly: true, secure: true, sameSite: 'Strict', path: '/' },
  ]);
  await page.reload();
  await page.getByTestId('overall-status').waitFor();

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByTestId('key-form').waitFor();
  await waitUntil(
    async () => (await browser.context.cookies()).length,
    (count) => count === 0,
    5_000,
  );

  await signIn(page, viewer.key);
  await page.getByTestId('overall-status').waitFor();
  await fetch(`${coordinator.url}/v1/keys/${viewer.id}`, { method: 'DELETE', headers: admin });
  await page.getByRole('alert').filter({ hasText: 'does not accept this key' }).waitFor({ timeout: 10_000 });
});

it('a sign-in link opens the dashboard once, without a key', async () => {
  const response = await fetch(`${coordinator.url}/v1/session/link`, {
    method: 'POST',
    headers: { authorization: `Bearer ${coordinator.key}` },
  });
  const { url } = (await response.json()) as { url: string };
  await browser.context.clearCookies();
  const page = await browser.context.newPage();
  await page.goto(url);
  await page.getByTestId('overall-status').waitFor();
  expect(page.url()).toBe(`${coordinator.url}/`);

  await browser.context.clearCookies();
  await page.goto('about:blank');
  await page.goto(url);
  await page.getByRole('alert').filter({ hasText: 'sign-in link has expired or was used' }).waitFor();
  expect(page.url()).toBe(`${coordinator.url}/`);
  await page.close();
});

const NO_RESTART = 'cannot-be-restarted';

/** An incident about a component that nothing can restart. */
async function openIncident(client: CoordinatorClient): Promise<string> {
  await client.register({
    id: NO_RESTART,
    name: NO_RESTART,
    type: 'agent_registry',
    endpoint: 'http://127.0.0.1:9',
    heartbeat: { ttl: 600_000 },
  });
  for (let time = 0; time < 3; time++)
    await client.reportFailure(NO_RESTART, { error: { code: 'ECONNREFUSED', message: 'connection refused' } });
  const [incident] = await waitUntil(
    async () => (await client.incidents({ componentId: NO_RESTART })).items,
    (items) => items.length > 0,
    60_000,
  );
  return incident!.id;
}

it('the link of an alert opens its incident, also after the sign-in, and once it is resolved', async () => {
  const client = new CoordinatorClient({ baseUrl: coordinator.url, key: coordinator.key });
  const id = await openIncident(client);
  await browser.context.clearCookies();
  const page = await browser.context.newPage();
  // So small that the incident is below the visible part.
  await page.setViewportSize({ width: 500, height: 320 });
  const linked = page.locator(`[data-testid=incident][data-id="${id}"][aria-current=true]`);
  const isInView = () =>
    linked.evaluate((item) => {
      const { top, bottom } = item.getBoundingClientRect();
      return top < innerHeight && bottom > 0;
    });

  await page.goto(`${coordinator.url}/#incident-${id}`);
  await signIn(page, coordinator.key);
  await linked.waitFor();
  await waitUntil(isInView, Boolean, 5_000);
  await linked.getByTestId('timeline').filter({ hasText: 'opened' }).waitFor();

  const resolved = await fetch(`${coordinator.url}/v1/incidents/${id}/resolve`, {
    method: 'POST',
    headers: { authorization: `Bearer ${coordinator.key}` },
  });
  expect(resolved.status).toBe(200);
  await linked.filter({ hasText: 'resolved' }).waitFor();

  await page.goto('about:blank');
  await page.goto(`${coordinator.url}/#incident-${id}`);
  await linked.filter({ hasText: 'resolved' }).waitFor();
  await waitUntil(isInView, Boolean, 5_000);
  await page.goto(`${coordinator.url}/#incident-i-${'0'.repeat(32)}`);
  await page.getByRole('alert').filter({ hasText: 'names no known incident' }).waitFor();
  await page.close();
});
