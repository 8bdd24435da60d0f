/** Calls of a new deployment that show that it serves, refuses strangers and has a usable admin key. */
import { setTimeout as sleep } from 'node:timers/promises';

const SERVE_WITHIN_MS = 60_000;
const TRY_EVERY_MS = 1_000;
const TIMEOUT_MS = 10_000;

/** Checks a deployment. Returns one sentence per fault; empty when all is well. */
export async function smokeTest(url: string, adminKey: string | undefined): Promise<string[]> {
  if (!(await servesWithin(url, SERVE_WITHIN_MS)))
    return [`${url}/healthz did not return 200 within ${SERVE_WITHIN_MS / 1_000} s.`];
  const stranger = await statusOf(`${url}/v1/health`, {});
  if (stranger.status === 503) return [`${url}/v1/health: ${stranger.detail}.`];
  if (stranger.status !== 401) return [`${url}/v1/health returned ${stranger.status} without a key, expected 401.`];
  if (adminKey === undefined) return [];
  const admin = await statusOf(`${url}/v1/health`, { authorization: `Bearer ${adminKey}` });
  return admin.status === 200 ? [] : [`${url}/v1/health returned ${admin.status} with the admin key, expected 200.`];
}

async function servesWithin(url: string, ms: number): Promise<boolean> {
  for (const endsAt = Date.now() + ms; Date.now() < endsAt; await sleep(TRY_EVERY_MS)) {
    const { status } = await statusOf(`${url}/healthz`, {}).catch(() => ({ status: 0 }));
    if (status === 200) return true;
  }
  return false;
}

async function statusOf(url: string, headers: Record<string, string>): Promise<{ status: number; detail: string }> {
  const response = await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) });
  const body = (await response.json().catch(() => null)) as { detail?: string } | null;
  return { status: response.status, detail: body?.detail ?? `HTTP ${response.status}` };
}
