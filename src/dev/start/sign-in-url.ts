const TIMEOUT_MS = 5_000;

/** URL of the page that signs in once, or null when the coordinator does not create one. */
export async function signInUrl(coordinatorUrl: string, key: string | null): Promise<string | null> {
  if (key === null) return null;
  try {
    const response = await fetch(`${coordinatorUrl}/v1/session/link`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return response.ok ? ((await response.json()) as { url: string }).url : null;
  } catch {
    return null;
  }
}
